//! Ceremonies with an authenticator made of test keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use rsa::sha2::{Digest as _, Sha256};
use serde_json::json;

use super::*;

const MEI: &str = "meimeimeimeimeimeimeimei";
const LIN: &str = "linlinlinlinlinlinlinlin";
const ORIGIN: &str = "https://wiki.example.com";

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const ATTESTED: u8 = 1 << 6;

fn site() -> Site {
    Site::new(ORIGIN).unwrap()
}

fn person(id: &str) -> Person<'_> {
    Person { id, email: "mei@example.com", name: "Mei Chen" }
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

enum Held {
    P256(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

/// A device with one passkey, that lies as a test tells it.
struct Device {
    key: Held,
    credential: [u8; 16],
    origin: &'static str,
    rp: &'static str,
    flags: u8,
    count: u32,
    handle: String,
    challenge: Option<String>,
    kind: Option<&'static str>,
}

impl Device {
    fn new(person: &str) -> Self {
        Self {
            key: Held::P256(p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()),
            credential: [3; 16],
            origin: ORIGIN,
            rp: "wiki.example.com",
            flags: PRESENT | VERIFIED,
            count: 0,
            handle: person.to_owned(),
            challenge: None,
            kind: None,
        }
    }

    /// The key as COSE has it.
    fn cose(&self) -> Vec<u8> {
        match &self.key {
            Held::P256(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                let begin = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32];
                [&begin[..], point.x().unwrap(), &[0x22, 0x58, 32], point.y().unwrap()].concat()
            }
            Held::Ed25519(key) => {
                [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32][..], key.verifying_key().as_bytes()].concat()
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            Held::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Held::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let challenge = options["publicKey"]["challenge"].as_str().or(options["challenge"].as_str()).unwrap();
        json!({
            "type": self.kind.unwrap_or(kind),
            "challenge": self.challenge.as_deref().unwrap_or(challenge),
            "origin": self.origin,
            "crossOrigin": false,
        })
        .to_string()
    }

    fn head(&self, flags: u8) -> Vec<u8> {
        [&Sha256::digest(self.rp)[..], &[flags], &self.count.to_be_bytes()].concat()
    }

    fn create(&self, options: &Value) -> Vec<u8> {
        let client = self.client_data("webauthn.create", options);
        let data =
            [&self.head(self.flags | ATTESTED)[..], &[0; 16], &[0, 16], &self.credential, &self.cose()]
                .concat();
        let length = u8::try_from(data.len()).unwrap();
        let attestation = [b"\xa3cfmtdnonegattStmt\xa0hauthData\x58", &[length][..], &data].concat();
        json!({
            "id": base64(&self.credential), "rawId": base64(&self.credential), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64(client.as_bytes()), "attestationObject": base64(&attestation),
                "transports": ["internal"],
            },
        })
        .to_string()
        .into_bytes()
    }

    fn get(&self, options: &Value) -> SignInAnswer {
        SignInAnswer::read(&self.get_json(options)).unwrap()
    }

    fn get_json(&self, options: &Value) -> Vec<u8> {
        let client = self.client_data("webauthn.get", options);
        let data = self.head(self.flags);
        let signature = self.sign(&[&data[..], &Sha256::digest(&client)].concat());
        json!({
            "id": base64(&self.credential), "rawId": base64(&self.credential), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64(client.as_bytes()), "authenticatorData": base64(&data),
                "signature": base64(&signature), "userHandle": base64(self.handle.as_bytes()),
            },
        })
        .to_string()
        .into_bytes()
    }
}

/// A passkey that `device` made for Mei.
fn registered(passkeys: &Passkeys, device: &Device) -> Passkey {
    let options = passkeys.begin_registration(&site(), person(MEI), &[]).unwrap();
    passkeys.finish_registration(&site(), MEI, &device.create(&options)).unwrap()
}

/// What becomes of a sign-in with Mei's passkey by a device that differs as `lie` says.
fn sign_in(lie: impl FnOnce(&mut Device)) -> Result<Option<Passkey>, PasskeyError> {
    let passkeys = Passkeys::new();
    let mut device = Device::new(MEI);
    device.count = 5;
    let passkey = registered(&passkeys, &device);
    device.count = 6;
    lie(&mut device);
    let options = passkeys.begin_sign_in(&site()).unwrap();
    passkeys.finish_sign_in(&site(), &device.get(&options), &passkey)
}

#[test]
fn a_passkey_is_made_and_signs_in_with_either_kind_of_key() {
    for key in [
        Held::P256(p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()),
        Held::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[7; 32])),
    ] {
        let passkeys = Passkeys::new();
        let mut device = Device { key, ..Device::new(MEI) };
        let passkey = registered(&passkeys, &device);
        assert_eq!((passkey.person(), passkey.credential()), (MEI, &[3; 16][..]));
        let passkey = Passkey::from_bytes(&passkey.to_bytes()).unwrap();
        device.count = 1;
        let options = passkeys.begin_sign_in(&site()).unwrap();
        let answer = device.get(&options);
        assert_eq!(answer.credential(), passkey.credential());
        let changed = passkeys.finish_sign_in(&site(), &answer, &passkey).unwrap().expect("it counts");
        assert_ne!(changed, passkey);
    }
}

#[test]
fn the_browser_is_told_the_site_the_person_and_to_verify() {
    let passkeys = Passkeys::new();
    let passkey = registered(&passkeys, &Device::new(MEI));
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
    let device = Device::new(MEI);
    let options = passkeys.begin_registration(&site(), person(MEI), &[]).unwrap();
    let made = device.create(&options);
    let passkey = passkeys.finish_registration(&site(), MEI, &made).unwrap();
    assert_eq!(passkeys.finish_registration(&site(), MEI, &made), Err(PasskeyError::Stray));
    let answer = device.get(&passkeys.begin_sign_in(&site()).unwrap());
    passkeys.finish_sign_in(&site(), &answer, &passkey).unwrap();
    assert_eq!(passkeys.finish_sign_in(&site(), &answer, &passkey), Err(PasskeyError::Stray));
}

#[test]
fn a_registration_that_lies_or_is_anothers_is_refused() {
    let register = |lie: fn(&mut Device), finishes: &str| {
        let passkeys = Passkeys::new();
        let mut device = Device::new(MEI);
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
    assert!(Passkey::from_bytes(b"{}").is_none());
    let passkeys = Passkeys::new();
    let device = Device::new(MEI);
    let damaged = Passkey { key: vec![9], ..registered(&passkeys, &device) };
    let answer = device.get(&passkeys.begin_sign_in(&site()).unwrap());
    assert_eq!(passkeys.finish_sign_in(&site(), &answer, &damaged), Err(PasskeyError::Damaged));
}

#[test]
fn passkeys_and_ceremonies_are_bounded() {
    let passkeys = Passkeys::new();
    let passkey = registered(&passkeys, &Device::new(MEI));
    let many = vec![passkey; PASSKEYS_PER_PERSON_MAX];
    assert_eq!(passkeys.begin_registration(&site(), person(MEI), &many), Err(PasskeyError::TooMany));
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
