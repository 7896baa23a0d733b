//! Who somebody is shown as, and what they may, is not theirs to say; and both may change while they are here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use bytes::Bytes;
use serde_json::{Value, json};
use weft_ids::{ClientId, SessionId, UserId};
use weft_room::{Acks, Effect, Event, Identity, Loaded, Member, Now, Room, Standing};
use weft_wire::{ClientMessage, ServerMessage, Update, awareness};

const ANN: SessionId = SessionId(1);
const BEN: SessionId = SessionId(2);

fn known(name: &str) -> Identity {
    Identity::Known { name: name.into(), color: "#123456".into() }
}

fn join(room: &mut Room, session: SessionId, acks: Acks, user: Option<&str>, identity: Identity) {
    let user = user.and_then(UserId::new);
    let standing = Standing { may_write: true, user, identity };
    let member = Member { standing, acks, schema: None };
    room.handle(Event::Join { session, member }, Now::default(), &mut Vec::new());
}

fn happen(room: &mut Room, event: Event) -> Vec<Effect> {
    let mut effects = Vec::new();
    room.handle(event, Now::default(), &mut effects);
    room.settle(Now::default(), &mut effects);
    effects
}

/// What everyone is told of `client` after `session` said `state` of it.
fn told(room: &mut Room, session: SessionId, client: u64, clock: u32, state: &Value) -> Option<Value> {
    let entry = awareness::Entry {
        client: ClientId::new(client).unwrap(),
        clock,
        state: Some(Bytes::from(state.to_string())),
    };
    let message = ClientMessage::Awareness(vec![entry]);
    shown(&happen(room, Event::Message { session, message }))
}

fn shown(effects: &[Effect]) -> Option<Value> {
    effects.iter().find_map(|effect| match effect {
        Effect::Whisper { to: None, entries } => {
            Some(serde_json::from_slice(entries.first()?.state.as_ref()?).unwrap())
        }
        _ => None,
    })
}

fn regrant(session: SessionId, may_write: bool, user: &str, identity: Identity) -> Event {
    Event::Regrant { session, standing: Standing { may_write, user: UserId::new(user), identity } }
}

fn typed() -> Event {
    let update = Update::scan(Bytes::from_static(&[1, 1, 7, 0, 4, 1, 1, b't', 1, b'x', 0])).unwrap();
    Event::Message { session: ANN, message: ClientMessage::Update(update) }
}

#[test]
fn a_known_person_is_shown_as_who_they_are_whatever_they_say() {
    let mut room = Room::new(Loaded::default());
    join(&mut room, ANN, Acks::Status, Some("u-ann"), known("Ann"));
    let is = json!({ "id": "u-ann", "name": "Ann", "color": "#123456" });
    let says = json!({ "user": { "name": "Ben", "color": "#ffffff", "id": "u-ben" }, "cursor": { "at": 3 } });
    assert_eq!(told(&mut room, ANN, 7, 1, &says), Some(json!({ "user": is, "cursor": { "at": 3 } })));
    assert_eq!(told(&mut room, ANN, 7, 2, &json!({})), Some(json!({ "user": is })));
    // Also of ids that she has not announced as her own.
    assert_eq!(told(&mut room, ANN, 8, 1, &says), Some(json!({ "user": is, "cursor": { "at": 3 } })));
}

#[test]
fn a_guest_has_a_name_of_their_choice_and_no_id() {
    let mut room = Room::new(Loaded::default());
    join(&mut room, ANN, Acks::Status, None, Identity::Guest);
    let says = json!({ "user": { "name": "Ben", "id": "u-ben" } });
    assert_eq!(told(&mut room, ANN, 7, 1, &says), Some(json!({ "user": { "name": "Ben" } })));
}

#[test]
fn in_a_document_that_is_nobodys_presence_is_its_clients_own() {
    let mut room = Room::new(Loaded::default());
    join(&mut room, ANN, Acks::Status, Some("u-ann"), Identity::Free);
    for says in
        [json!({ "user": { "name": "Ben", "id": "u-ben" } }), json!({ "user": "Ben" }), json!({ "x": 1 })]
    {
        let clock = says.to_string().len() as u32;
        assert_eq!(told(&mut room, ANN, u64::from(clock), clock, &says), Some(says));
    }
}

#[test]
fn who_is_renamed_is_shown_anew_at_once_and_goes_on_being_heard() {
    let mut room = Room::new(Loaded::default());
    join(&mut room, ANN, Acks::Status, Some("u-ann"), known("Ann"));
    told(&mut room, ANN, 7, 1, &json!({ "cursor": 1 }));
    let effects = happen(&mut room, regrant(ANN, true, "u-ann", known("Anna")));
    let is = json!({ "id": "u-ann", "name": "Anna", "color": "#123456" });
    assert_eq!(shown(&effects), Some(json!({ "user": is, "cursor": 1 })));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send { .. })));
    assert_eq!(told(&mut room, ANN, 7, 2, &json!({ "cursor": 2 })), Some(json!({ "user": is, "cursor": 2 })));
}

#[test]
fn who_may_no_longer_write_is_told_and_refused_and_told_again_when_they_may() {
    for acks in [Acks::Status, Acks::Echo] {
        let mut room = Room::new(Loaded::default());
        join(&mut room, ANN, acks, Some("u-ann"), known("Ann"));
        join(&mut room, BEN, acks, Some("u-ben"), known("Ben"));
        let effects = happen(&mut room, regrant(ANN, false, "u-ann", known("Ann")));
        let is_told = |effects: &[Effect], what: fn(&ServerMessage) -> bool| {
            effects.iter().any(|effect| matches!(effect, Effect::Send { to: ANN, message } if what(message)))
        };
        assert!(match acks {
            Acks::Status => is_told(&effects, |m| *m == ServerMessage::Authenticated { read_only: true }),
            Acks::Echo => is_told(&effects, |m| matches!(m, ServerMessage::PermissionDenied(_))),
        });
        let effects = happen(&mut room, typed());
        let changes = |effect: &Effect| matches!(effect, Effect::Append { .. } | Effect::Broadcast { .. });
        assert!(!effects.iter().any(changes), "{effects:?}");
        assert_eq!(room.text(), "");

        let effects = happen(&mut room, regrant(ANN, true, "u-ann", known("Ann")));
        assert!(is_told(&effects, |m| *m == ServerMessage::Authenticated { read_only: false }));
        assert!(happen(&mut room, typed()).iter().any(changes));
        assert_eq!(room.text(), "x");
    }
}

#[test]
fn what_a_known_person_writes_carries_their_id_and_name() {
    let mut room = Room::new(Loaded::default());
    join(&mut room, ANN, Acks::Status, Some("u-ann"), known("Ann"));
    told(&mut room, ANN, 7, 1, &json!({ "user": { "name": "Ben" } }));
    let effects = happen(&mut room, typed());
    let drafts = effects.iter().find_map(|effect| match effect {
        Effect::Append { drafts, .. } => Some(drafts),
        _ => None,
    });
    let draft = &drafts.unwrap()[0];
    assert_eq!(
        (draft.user.as_ref().map(UserId::as_str), draft.name.as_deref()),
        (Some("u-ann"), Some("Ann"))
    );
}
