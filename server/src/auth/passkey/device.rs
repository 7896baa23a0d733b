//! An authenticator made of test keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(super) const PRESENT: u8 = 1;
pub(super) const VERIFIED: u8 = 1 << 2;
const ATTESTED: u8 = 1 << 6;

pub(super) fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) enum Held {
    P256(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

/// A device with one passkey, that lies as a test tells it.
pub(crate) struct Device {
    pub(crate) key: Held,
    pub(crate) credential: [u8; 16],
    pub(crate) origin: &'static str,
    pub(crate) rp: &'static str,
    pub(crate) flags: u8,
    pub(crate) count: u32,
    pub(crate) handle: String,
    pub(crate) challenge: Option<String>,
    pub(crate) kind: Option<&'static str>,
}

impl Device {
    pub(crate) fn new(person: &str, origin: &'static str) -> Self {
        Self {
            key: Held::P256(p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()),
            credential: [3; 16],
            origin,
            // What stands between the scheme and the port.
            rp: origin.split_once("://").unwrap().1.split(':').next().unwrap(),
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
        let challenge = options["challenge"].as_str().unwrap();
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

    pub(crate) fn create(&self, options: &Value) -> Vec<u8> {
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

    pub(crate) fn get(&self, options: &Value) -> Vec<u8> {
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
