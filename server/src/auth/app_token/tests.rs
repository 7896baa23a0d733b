use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

use super::*;

const NOW: u64 = 1_800_000_000;

fn shared() -> Key {
    Key::Shared(Zeroizing::new(vec![7; 32]))
}

fn private() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

fn public() -> Key {
    let text = public_key_text(private().verifying_key().as_bytes());
    Key::Public(public_key(&text).unwrap())
}

fn claims() -> Value {
    json!({"aud": "weft", "exp": NOW + 3600, "app": "draw", "room": "board-1", "access": "write"})
}

/// The claims with some others; null takes one away.
fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// As an app makes its tokens: by the book, with the header it likes.
fn eddsa(header: &Value, claims: &Value) -> String {
    let message = unsigned(header, claims);
    let signature = private().sign(message.as_bytes()).to_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn hmac(algorithm: Algorithm, secret: &[u8], claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).unwrap()
}

fn hs256(claims: &Value) -> String {
    hmac(Algorithm::HS256, &[7; 32], claims)
}

fn refused(claims: &Value) -> TokenError {
    verify(&shared(), "draw", &hs256(claims), NOW).unwrap_err()
}

#[test]
fn what_weft_issues_it_verifies() {
    let user =
        User { id: Some("u1".to_owned()), name: Some("美".to_owned()), color: Some("#3366cc".to_owned()) };
    let wish = Wish {
        app: "draw".to_owned(),
        rooms: Rooms::Prefix("boards/".to_owned()),
        access: Access::Read,
        user: Some(user.clone()),
        expires: NOW + LIFE_SECONDS_MAX,
    };
    let signed = issue(&shared(), &wish, NOW).unwrap();
    let said = AppToken {
        rooms: wish.rooms.clone(),
        access: Access::Read,
        user: Some(user),
        holds_until: NOW + LIFE_SECONDS_MAX + SKEW_SECONDS,
    };
    assert_eq!(verify(&shared(), "draw", &signed, NOW).unwrap(), said);
    assert_eq!(claimed_app(&signed).as_deref(), Some("draw"));
    assert_eq!(issue(&public(), &wish, NOW), Err(TokenError::NotOurs));
    let lasting = Wish { expires: NOW + LIFE_SECONDS_MAX + SKEW_SECONDS + 1, ..wish };
    assert_eq!(issue(&shared(), &lasting, NOW), Err(TokenError::TooLasting));
}

#[test]
fn an_apps_own_tokens_hold_with_either_key() {
    for (key, token) in
        [(shared(), hs256(&claims())), (public(), eddsa(&json!({"alg": "EdDSA", "typ": "JWT"}), &claims()))]
    {
        let token = verify(&key, "draw", &token, NOW).unwrap();
        assert_eq!(token.rooms, Rooms::Room("board-1".to_owned()));
        assert_eq!((token.access, token.user), (Access::Write, None));
    }
    let more = with(json!({"aud": ["other", "weft"], "sub": "x", "iat": NOW, "nbf": NOW + 60, "mine": [1]}));
    assert!(verify(&shared(), "draw", &hs256(&more), NOW).is_ok());
}

#[test]
fn the_key_decides_the_algorithm_and_not_the_token() {
    let Key::Public(public_bytes) = public() else { panic!("the key is public") };
    // HS256 with the public key as the secret: the classic.
    let confused = hmac(Algorithm::HS256, &public_bytes, &claims());
    assert_eq!(verify(&public(), "draw", &confused, NOW), Err(TokenError::Algorithm));
    let ed = eddsa(&json!({"alg": "EdDSA"}), &claims());
    assert_eq!(verify(&shared(), "draw", &ed, NOW), Err(TokenError::Algorithm));
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = hmac(algorithm, &[7; 32], &claims());
        assert_eq!(verify(&shared(), "draw", &token, NOW), Err(TokenError::Algorithm));
    }
    for alg in ["none", "None", "nOnE", "", "RS256"] {
        for key in [shared(), public()] {
            let token = unsigned(&json!({"alg": alg}), &claims());
            for token in [format!("{token}."), format!("{token}.AAAA"), token] {
                assert!(verify(&key, "draw", &token, NOW).is_err(), "{alg}");
            }
        }
    }
}

#[test]
fn a_signature_of_another_key_or_over_other_claims_is_wrong() {
    let other = hmac(Algorithm::HS256, &[8; 32], &claims());
    assert_eq!(verify(&shared(), "draw", &other, NOW), Err(TokenError::Signature));
    for (key, good, changed) in [
        (shared(), hs256(&claims()), hs256(&with(json!({"room": "board-2"})))),
        (
            public(),
            eddsa(&json!({"alg": "EdDSA"}), &claims()),
            eddsa(&json!({"alg": "EdDSA"}), &with(json!({"room": "board-2"}))),
        ),
    ] {
        let (signed, _) = good.rsplit_once('.').unwrap();
        let (_, signature) = changed.rsplit_once('.').unwrap();
        assert_eq!(verify(&key, "draw", &format!("{signed}.{signature}"), NOW), Err(TokenError::Signature));
    }
}

#[test]
fn a_token_lives_while_it_says_so_and_at_most_a_day() {
    assert_eq!(refused(&with(json!({"exp": NOW - SKEW_SECONDS}))), TokenError::Expired);
    assert!(verify(&shared(), "draw", &hs256(&with(json!({"exp": NOW - SKEW_SECONDS + 1}))), NOW).is_ok());
    assert_eq!(
        refused(&with(json!({"exp": NOW + LIFE_SECONDS_MAX + SKEW_SECONDS + 1}))),
        TokenError::TooLasting
    );
    assert_eq!(refused(&with(json!({"exp": u64::MAX}))), TokenError::TooLasting);
    assert_eq!(refused(&with(json!({"nbf": NOW + SKEW_SECONDS + 1}))), TokenError::NotYet);
    for exp in [json!(null), json!("soon"), json!(-1), json!(1e300)] {
        assert!(matches!(refused(&with(json!({"exp": exp}))), TokenError::Unreadable(_)), "{exp}");
    }
}

#[test]
fn a_token_is_for_weft_and_of_its_app() {
    assert_eq!(refused(&with(json!({"aud": "other"}))), TokenError::Audience);
    assert_eq!(refused(&with(json!({"aud": ["a", "b"]}))), TokenError::Audience);
    assert!(matches!(refused(&with(json!({"aud": null}))), TokenError::Unreadable(_) | TokenError::Audience));
    assert_eq!(refused(&with(json!({"app": "paint"}))), TokenError::OtherApp);
    assert!(matches!(refused(&with(json!({"app": null}))), TokenError::Unreadable(_)));
}

#[test]
fn a_token_names_a_room_or_a_prefix_and_a_known_access() {
    for rooms in [
        json!({"room": null}),
        json!({"prefix": "b"}),
        json!({"room": ""}),
        json!({"room": "a\0b"}),
        json!({"room": "r".repeat(ROOM_BYTES_MAX - "draw/".len() + 1)}),
        json!({"room": null, "prefix": "p".repeat(ROOM_BYTES_MAX - "draw/".len() + 1)}),
    ] {
        assert_eq!(refused(&with(rooms.clone())), TokenError::Rooms, "{rooms}");
    }
    for access in [json!(null), json!("admin"), json!("Write"), json!(1)] {
        assert!(matches!(refused(&with(json!({"access": access}))), TokenError::Unreadable(_)), "{access}");
    }
    let longest = with(json!({"room": "r".repeat(ROOM_BYTES_MAX - "draw/".len())}));
    assert!(verify(&shared(), "draw", &hs256(&longest), NOW).is_ok());
}

#[test]
fn a_user_is_well_formed() {
    for user in [
        json!({"id": ""}),
        json!({"id": "x".repeat(USER_ID_BYTES_MAX + 1)}),
        json!({"id": "a\nb"}),
        json!({"name": ""}),
        json!({"name": "名".repeat(USER_NAME_CHARACTERS_MAX + 1)}),
        json!({"color": "red"}),
        json!({"color": "#12345"}),
        json!({"color": "#12345g"}),
    ] {
        assert_eq!(refused(&with(json!({"user": user.clone()}))), TokenError::User, "{user}");
    }
    let good = json!({"id": "x".repeat(USER_ID_BYTES_MAX), "name": "名".repeat(USER_NAME_CHARACTERS_MAX)});
    assert!(verify(&shared(), "draw", &hs256(&with(json!({"user": good}))), NOW).is_ok());
    let app = "a".repeat(APP_NAME_CHARACTERS_MAX);
    let longest = format!("{app}:{}", "x".repeat(USER_ID_BYTES_MAX));
    assert!(
        weft_ids::UserId::new(&longest).is_some(),
        "the log takes whom the longest app calls by the longest id"
    );
}

#[test]
fn what_is_no_token_is_refused() {
    for bad in ["", ".", "..", "a.b.c", "....", "é.é.é", &"a".repeat(TOKEN_BYTES_MAX)] {
        assert!(matches!(verify(&shared(), "draw", bad, NOW), Err(TokenError::Unreadable(_))), "{bad:.20}");
        assert_eq!(claimed_app(bad), None);
    }
    assert_eq!(verify(&shared(), "draw", &"a".repeat(TOKEN_BYTES_MAX + 1), NOW), Err(TokenError::TooLong));
    let critical = eddsa(&json!({"alg": "EdDSA", "crit": ["b64"], "b64": false}), &claims());
    assert!(matches!(verify(&public(), "draw", &critical, NOW), Err(TokenError::Unreadable(_))));
}

#[test]
fn a_public_key_is_one_that_only_its_owner_signs_for() {
    // Among them the points of small order: with those a signature of zeros holds for any message.
    let one = URL_SAFE_NO_PAD.encode([&[1][..], &[0; 31]].concat());
    for bad in
        ["", "AAAA", &"A".repeat(43), &"A".repeat(44), &one, "not base64url at all, not base64url at all,"]
    {
        assert_eq!(public_key(bad), Err(NoPublicKey), "{bad}");
    }
    assert_eq!(format!("{:?} {:?}", shared(), public()), "Key::Shared(..) Key::Public(..)");
}
