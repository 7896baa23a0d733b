//! A document that may not grow any more.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use weft_ids::SessionId;
use weft_room::{Acks, Effect, Event, Loaded, Member, Now, Room, Standing};
use weft_wire::{ClientMessage, ServerMessage, Update, varint};

const WRITER: SessionId = SessionId(1);
const CLIENT: u8 = 7;
const PIECE: usize = 7 << 20;

/// `length` characters appended to the root text `t` by client 7, who wrote `clock` before.
fn typed(clock: usize, length: usize) -> Update {
    let mut bytes = vec![1, 1, CLIENT];
    varint::write_uint(&mut bytes, clock as u64);
    if clock == 0 {
        bytes.extend([4, 1, 1, b't']);
    } else {
        bytes.extend([0x84, CLIENT]);
        varint::write_uint(&mut bytes, clock as u64 - 1);
    }
    varint::write_string(&mut bytes, &"x".repeat(length));
    bytes.push(0);
    Update::scan(bytes.into()).unwrap()
}

fn say(room: &mut Room, update: Update) -> Vec<Effect> {
    let mut effects = Vec::new();
    let message = ClientMessage::Update(update);
    room.handle(Event::Message { session: WRITER, message }, Now::default(), &mut effects);
    room.settle(Now::default(), &mut effects);
    effects
}

fn says(effects: &[Effect], what: impl Fn(&ServerMessage) -> bool) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Send { message, .. } if what(message)))
}

#[test]
fn a_document_at_its_limit_says_so_and_hangs_up_on_nobody() {
    let mut room = Room::new(Loaded::default());
    let member = Member {
        standing: Standing { may_write: true, ..Standing::default() },
        acks: Acks::Echo,
        schema: None,
    };
    room.handle(Event::Join { session: WRITER, member }, Now::default(), &mut Vec::new());
    for piece in 0..4 {
        let effects = say(&mut room, typed(piece * PIECE, PIECE));
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Append { .. })));
    }
    let effects = say(&mut room, typed(4 * PIECE, PIECE));
    assert!(says(&effects, |message| matches!(message, ServerMessage::PermissionDenied(_))), "{effects:?}");
    // What is typed next builds on what was refused. It is refused too, and that is all.
    for key in 0..10 {
        let effects = say(&mut room, typed(5 * PIECE + key, 1));
        assert!(says(&effects, |message| *message == ServerMessage::SyncStatus(false)), "{effects:?}");
        assert_eq!(effects.len(), 1, "{effects:?}");
    }
    assert_eq!(room.text().len(), 4 * PIECE);
}
