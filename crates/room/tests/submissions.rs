//! Updates that come without a session.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use weft_ids::{Seq, SessionId};
use weft_room::{Effect, Event, Kind, Loaded, Now, Outcome, RequestId, Room, Ticket};
use weft_wire::Update;

/// The `clock`-th letter of client 1.
fn typed(clock: u8) -> Update {
    let mut bytes = vec![1, 1, 1, clock];
    match clock {
        0 => bytes.extend([4, 1, 1, b't', 1, b'a']),
        _ => bytes.extend([0x84, 1, clock - 1, 1, b'a']),
    }
    bytes.push(0);
    Update::scan(bytes.into()).unwrap()
}

fn submit(request: u64, kind: Kind, update: Update) -> Event {
    // One author, whose updates continue each other: nothing but the rule keeps them apart.
    let author = SessionId(7);
    Event::Submit { request: RequestId(request), author, user: None, name: None, kind, update }
}

#[test]
fn every_submission_of_a_turn_is_a_record_of_its_own_and_answered_with_its_place() {
    let mut room = Room::new(Loaded::default());
    let mut effects = Vec::new();
    let kinds = [Kind::Edit, Kind::Edit, Kind::Restore, Kind::Edit];
    for (clock, kind) in (0u8..).zip(kinds) {
        room.handle(submit(clock.into(), kind, typed(clock)), Now::default(), &mut effects);
    }
    room.settle(Now::default(), &mut effects);
    let drafts = effects.iter().find_map(|effect| match effect {
        Effect::Append { drafts, .. } => Some(drafts),
        _ => None,
    });
    let drafts: Vec<_> = drafts.unwrap().iter().map(|draft| (draft.kind, draft.update.clone())).collect();
    let wanted: Vec<_> = (0u8..).zip(kinds).map(|(clock, kind)| (kind, typed(clock).into_bytes())).collect();
    assert_eq!(drafts, wanted);

    // The next turn is stored with it; the log held six records before.
    effects.clear();
    room.handle(submit(9, Kind::Edit, typed(4)), Now::default(), &mut effects);
    room.handle(submit(10, Kind::Edit, typed(4)), Now::default(), &mut effects);
    room.settle(Now::default(), &mut effects);
    effects.clear();
    room.handle(Event::Durable { ticket: Ticket(2), seq: Seq(11) }, Now::default(), &mut effects);
    let replies: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Reply { request, outcome } => Some((request.0, outcome.clone())),
            _ => None,
        })
        .collect();
    let stored = |request, seq| (request, Outcome::Stored(Seq(seq)));
    let wanted = [
        stored(0, 7),
        stored(1, 8),
        stored(2, 9),
        stored(3, 10),
        stored(9, 11),
        (10, Outcome::Known(Seq(11))),
    ];
    assert_eq!(replies, wanted);
}
