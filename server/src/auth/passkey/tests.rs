//! Ceremonies with an authenticator made of test keys.

use super::device::{Device, Held, PRESENT, VERIFIED, base64};
use super::*;
use weft_ids::{PasskeyId, UnixMillis, UserId};

const MEI: &str = "meimeimeimeimeimeimeimei";
const LIN: &str = "linlinlinlinlinlinlinlin";
const ORIGIN: &str = "https://wiki.example.com";

fn site() -> Site {
    Site::new(ORIGIN).unwrap()
}

fn person(id: &str) -> Person<'_> {
    Person { id, email: "mei@example.com", name: "Mei Chen" }
}

fn get(device: &Device, options: &Value) -> SignInAnswer {
    SignInAnswer::read(&device.get(options)).unwrap()
}

/// A passkey that `device` made for Mei.
fn registered(passkeys: &Passkeys, device: &Device) -> Passkey {
    let options = passkeys.begin_registration(&site(), person(MEI), &[]).unwrap();
    kept(passkeys.finish_registration(&site(), MEI, &device.create(&options)).unwrap())
}

/// As it is kept for Mei.
fn kept(new: NewPasskey) -> Passkey {
    let NewPasskey { credential, transports, key, state } = new;
    Passkey {
        id: PasskeyId::random([1; weft_ids::RANDOM_ID_CHARACTERS]),
        user: UserId::new(MEI).unwrap(),
        name: "The telephone".to_owned(),
        credential,
        transports,
        key,
        state,
        created: UnixMillis(1),
        used: None,
    }
}

/// What becomes of a sign-in with Mei's passkey by a device that differs as `lie` says.
fn sign_in(lie: impl FnOnce(&mut Device)) -> Result<[u8; PASSKEY_STATE_BYTES], PasskeyError> {
    let passkeys = Passkeys::new();
    let mut device = Device::new(MEI, ORIGIN);
    device.count = 5;
    let passkey = registered(&passkeys, &device);
    device.count = 6;
    lie(&mut device);
    let options = passkeys.begin_sign_in(&site()).unwrap();
    passkeys.finish_sign_in(&site(), &get(&device, &options), &passkey)
}

#[test]
fn a_passkey_is_made_and_signs_in_with_either_kind_of_key() {
    for key in [
        Held::P256(p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()),
        Held::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[7; 32])),
    ] {
        let passkeys = Passkeys::new();
        let mut device = Device { key, ..Device::new(MEI, ORIGIN) };
        let passkey = registered(&passkeys, &device);
        assert_eq!(passkey.credential, [3; 16]);
        device.count = 1;
        let options = passkeys.begin_sign_in(&site()).unwrap();
        let answer = get(&device, &options);
        assert_eq!(answer.credential(), passkey.credential);
        let state = passkeys.finish_sign_in(&site(), &answer, &passkey).unwrap();
        assert_ne!(state, passkey.state, "it counts");
    }
}

#[test]
fn the_browser_is_told_the_site_the_person_and_to_verify() {
    let passkeys = Passkeys::new();
    let passkey = registered(&passkeys, &Device::new(MEI, ORIGIN));
    let options = passkeys.begin_registration(&site(), person(MEI), &[passkey]).unwrap();
    let text = options.to_string();
    for told in
        ["wiki.example.com", "mei@example.com", "Mei Chen", &base64(MEI.as_bytes()), &base64(&[3; 16])]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(
        text.contains("\"userVerification\":\"required\"") && text.contains("\"residentKey\":\"required\"")
    );
    let text = passkeys.begin_sign_in(&site()).unwrap().to_string();
    assert!(text.contains("\"userVerification\":\"required\""), "{text}");
}

#[test]
fn a_sign_in_that_lies_is_refused() {
    sign_in(|_| ()).unwrap();
    let lies: [(&str, fn(&mut Device)); 9] = [
        ("a foreign page", |device| device.origin = "https://evil.example"),
        ("a neighbouring name", |device| device.origin = "https://wiki.example.com.evil.example"),
        ("plain http", |device| device.origin = "http://wiki.example.com"),
        ("another site's passkey", |device| device.rp = "evil.example"),
        ("a person who was not verified", |device| device.flags = PRESENT),
        ("a person who is not there", |device| device.flags = VERIFIED),
        ("somebody else", |device| device.handle = LIN.to_owned()),
        ("another passkey", |device| device.credential = [4; 16]),
        ("another ceremony", |device| device.kind = Some("webauthn.create")),
    ];
    for (what, lie) in lies {
        let answer = sign_in(lie);
        assert!(answer.is_err(), "{what}: {answer:?}");
    }
    let other =
        sign_in(|device| device.key = Held::P256(p256::ecdsa::SigningKey::from_slice(&[8; 32]).unwrap()));
    assert!(matches!(other, Err(PasskeyError::Refused(_))), "{other:?}");
    for count in [0, 4, 5] {
        let copied = sign_in(|device| device.count = count);
        assert!(matches!(copied, Err(PasskeyError::Refused(_))), "{count}: {copied:?}");
    }
    let invented = sign_in(|device| device.challenge = Some(base64(&[1; 16])));
    assert_eq!(invented, Err(PasskeyError::Stray));
}

#[test]
fn a_ceremony_is_finished_once() {
    let passkeys = Passkeys::new();
    let device = Device::new(MEI, ORIGIN);
    let options = passkeys.begin_registration(&site(), person(MEI), &[]).unwrap();
    let made = device.create(&options);
    let passkey = kept(passkeys.finish_registration(&site(), MEI, &made).unwrap());
    assert_eq!(passkeys.finish_registration(&site(), MEI, &made), Err(PasskeyError::Stray));
    let answer = get(&device, &passkeys.begin_sign_in(&site()).unwrap());
    passkeys.finish_sign_in(&site(), &answer, &passkey).unwrap();
    assert_eq!(passkeys.finish_sign_in(&site(), &answer, &passkey), Err(PasskeyError::Stray));
}

#[test]
fn a_registration_that_lies_or_is_anothers_is_refused() {
    let register = |lie: fn(&mut Device), finishes: &str| {
        let passkeys = Passkeys::new();
        let mut device = Device::new(MEI, ORIGIN);
        lie(&mut device);
        let options = passkeys.begin_registration(&site(), person(MEI), &[]).unwrap();
        passkeys.finish_registration(&site(), finishes, &device.create(&options))
    };
    register(|_| (), MEI).unwrap();
    assert_eq!(register(|_| (), LIN), Err(PasskeyError::Stray));
    let lies: [fn(&mut Device); 4] = [
        |device| device.origin = "https://evil.example",
        |device| device.rp = "evil.example",
        |device| device.flags = PRESENT,
        |device| device.kind = Some("webauthn.get"),
    ];
    for lie in lies {
        assert!(matches!(register(lie, MEI), Err(PasskeyError::Refused(_))));
    }
    let invented = register(|device| device.challenge = Some(base64(&[1; 16])), MEI);
    assert_eq!(invented, Err(PasskeyError::Stray));
}

#[test]
fn what_is_no_answer_is_refused() {
    let long = vec![b' '; ANSWER_BYTES_MAX + 1];
    for json in [&b""[..], b"{}", b"[]", b"null", b"\xff", b"{\"id\":1}", &long] {
        assert!(matches!(SignInAnswer::read(json), Err(PasskeyError::Refused(_))));
        let registered = Passkeys::new().finish_registration(&site(), MEI, json);
        assert!(matches!(registered, Err(PasskeyError::Refused(_))));
    }
    let passkeys = Passkeys::new();
    let device = Device::new(MEI, ORIGIN);
    let damaged = Passkey { key: vec![9], ..registered(&passkeys, &device) };
    let answer = get(&device, &passkeys.begin_sign_in(&site()).unwrap());
    assert_eq!(passkeys.finish_sign_in(&site(), &answer, &damaged), Err(PasskeyError::Damaged));
}

#[test]
fn ceremonies_are_bounded() {
    let passkeys = Passkeys::new();
    let mut begun = 0;
    let error = loop {
        match passkeys.begin_sign_in(&site()) {
            Ok(_) => begun += 1,
            Err(error) => break error,
        }
        assert!(begun <= 2 * CEREMONIES_MAX);
    };
    assert_eq!(error, PasskeyError::Busy);
    assert!(begun >= CEREMONIES_MAX);
}

#[test]
fn browsers_allow_passkeys_on_named_hosts_over_https_and_on_localhost() {
    for good in ["https://wiki.example.com", "https://wiki.example.com:8443", "http://localhost:4545"] {
        assert_eq!(Site::new(good).unwrap().origin, good);
    }
    for bad in
        ["http://wiki.example.com", "https://192.0.2.1", "http://127.0.0.1:4545", "https://[::1]", "wiki", ""]
    {
        assert_eq!(Site::new(bad).unwrap_err(), PasskeyError::Site, "{bad}");
    }
}
