//! Black-box tests, one file per behaviour.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod apps_let_their_people_in;
mod bad_input_is_answered;
mod documents_at_their_limits;
mod history_kept_and_erased;
mod history_outlives_everything;
mod hostile;
mod people_from_the_command_line;
mod proxies_bring_everybody;
mod rights_reach_open_sockets;
mod rooms_in_a_seeded_world;
mod trap_01_acked_means_durable;
mod trap_07_slow_consumer;
mod trap_09_presence_truth;
mod trap_11_order;
mod trap_12_hostile_frames;
mod trap_14_odd_but_legal;
mod trap_15_restart_does_not_duplicate_text;
mod trap_16_holes;
mod trap_17_storage_does_not_grow_from_nothing;
mod trap_18_nothing_leaks;
mod trap_21_sigterm;
mod trap_23_hostile_names;
mod trap_24_one_heavy_doc;
mod what_happens_is_told_to_whom_it_is_for;
