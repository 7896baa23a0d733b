//! A provider on loopback that signs with its own keys and does what a test tells it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openidconnect::core::{
    CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey,
};
use openidconnect::{JsonWebKeyId, PkceCodeChallenge, PkceCodeVerifier, PrivateSigningKey as _};
use rsa::pkcs1::{EncodeRsaPrivateKey as _, LineEnding};
use serde_json::{Value, json};
use url::Url;

use super::settings::ClientSecret;
use super::{Callback, Create, ProviderSettings};

pub(crate) const CLIENT: &str = "weft-client";
pub(crate) const SECRET: &str = "hush";

/// What it signs with, and how.
pub(crate) enum Signer {
    EdDsa(u8),
    Rs256,
    /// HS256 with these bytes for the secret.
    Hmac(Vec<u8>),
    /// Not at all.
    None,
}

/// What is to go wrong.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) signer: Option<Signer>,
    pub(crate) kid: Option<&'static str>,
    /// Laid over the claims; null takes one away.
    pub(crate) claims: Value,
    /// Laid over what it says of itself.
    pub(crate) discovery: Value,
    pub(crate) userinfo: Value,
    pub(crate) without_id_token: bool,
    pub(crate) damaged: bool,
    /// Answers of one route, in place of the right one.
    pub(crate) answers: HashMap<&'static str, Answer>,
}

#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Redirect,
    Huge,
    Never,
    Broken,
}

struct Code {
    nonce: String,
    challenge: String,
}

pub(crate) struct Issuer {
    pub(crate) url: String,
    /// What it takes for the time, in seconds since 1970.
    now: u64,
    /// Where it sends browsers back to.
    redirect: String,
    script: Mutex<Script>,
    keys: Mutex<Value>,
    codes: Mutex<HashMap<String, Code>>,
    /// The routes that were asked, in order.
    asked: Mutex<Vec<&'static str>>,
}

type Stub = State<Arc<Issuer>>;

impl Issuer {
    pub(crate) async fn start(now: u64, redirect: &str) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = Arc::new(Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            now,
            redirect: redirect.to_owned(),
            script: Mutex::default(),
            keys: Mutex::new(json!([jwk(&Signer::EdDsa(1), "one")])),
            codes: Mutex::default(),
            asked: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        issuer
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    pub(crate) fn publish(&self, signer: &Signer, kid: &str) {
        *self.keys.lock().unwrap() = json!([jwk(signer, kid)]);
    }

    pub(crate) fn asked(&self, route: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| **asked == route).count()
    }

    pub(crate) fn settings(&self) -> ProviderSettings {
        ProviderSettings {
            id: "house".to_owned(),
            label: "House".to_owned(),
            issuer: self.url.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(ClientSecret::new(SECRET)),
            scopes: vec!["openid".to_owned(), "email".to_owned(), "profile".to_owned()],
            create: Create::Members,
            domains: Vec::new(),
        }
    }

    /// What the browser does at the provider: the person says yes, and it is sent back.
    pub(crate) fn say_yes(&self, url: &Url) -> Callback {
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let get = |name: &str| query.get(name).unwrap_or_else(|| panic!("{url} has no {name}")).clone();
        assert_eq!(url.path(), "/authorize");
        assert_eq!((get("response_type"), get("client_id")), ("code".to_owned(), CLIENT.to_owned()));
        assert_eq!(
            (get("redirect_uri"), get("scope")),
            (self.redirect.clone(), "openid email profile".to_owned())
        );
        assert_eq!(get("code_challenge_method"), "S256");
        let mut codes = self.codes.lock().unwrap();
        let code = format!("code-{}", codes.len());
        codes.insert(code.clone(), Code { nonce: get("nonce"), challenge: get("code_challenge") });
        Callback { code: Some(code), state: Some(get("state")), ..Callback::default() }
    }

    fn answer(&self, route: &'static str) -> Option<Answer> {
        self.asked.lock().unwrap().push(route);
        self.script().answers.get(route).copied()
    }

    fn id_token(&self, nonce: &str) -> String {
        let script = self.script();
        let mut claims = json!({
            "iss": self.url, "aud": CLIENT, "sub": "mei-1", "nonce": nonce,
            "iat": self.now, "exp": self.now + 300,
            "email": "mei@example.com", "email_verified": true, "name": "Mei Chen",
        });
        lay_over(&mut claims, &script.claims);
        let signer = script.signer.as_ref().unwrap_or(&Signer::EdDsa(1));
        let token = sign(signer, script.kid.unwrap_or("one"), &claims);
        if script.damaged {
            let (head, signature) = token.rsplit_once('.').unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
            bytes[0] ^= 1;
            return format!("{head}.{}", URL_SAFE_NO_PAD.encode(bytes));
        }
        token
    }
}

fn lay_over(value: &mut Value, changes: &Value) {
    for (name, change) in changes.as_object().into_iter().flatten() {
        match change {
            Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
            change => value[name] = change.clone(),
        }
    }
}

async fn scripted(answer: Option<Answer>) -> Option<Response> {
    let huge = format!("{{\"a\":\"{}\"}}", "a".repeat(super::http::ANSWER_BYTES_MAX));
    match answer? {
        Answer::Redirect => Some((StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response()),
        Answer::Huge => Some(([(header::CONTENT_TYPE, "application/json")], huge).into_response()),
        Answer::Broken => Some((StatusCode::INTERNAL_SERVER_ERROR, "down").into_response()),
        Answer::Never => std::future::pending().await,
    }
}

async fn discovery(State(issuer): Stub) -> Response {
    if let Some(answer) = scripted(issuer.answer("discovery")).await {
        return answer;
    }
    let url = &issuer.url;
    let mut metadata = json!({
        "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"), "userinfo_endpoint": format!("{url}/userinfo"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        // It claims to sign in every way; what is believed is for Weft to decide.
        "id_token_signing_alg_values_supported": ["RS256", "EdDSA", "HS256", "none"],
    });
    lay_over(&mut metadata, &issuer.script().discovery);
    Json(metadata).into_response()
}

async fn keys(State(issuer): Stub) -> Response {
    match scripted(issuer.answer("keys")).await {
        Some(answer) => answer,
        None => Json(json!({"keys": *issuer.keys.lock().unwrap()})).into_response(),
    }
}

async fn userinfo(State(issuer): Stub, headers: HeaderMap) -> Response {
    if let Some(answer) = scripted(issuer.answer("userinfo")).await {
        return answer;
    }
    assert_eq!(headers[header::AUTHORIZATION], "Bearer access-1");
    Json(issuer.script().userinfo.clone()).into_response()
}

async fn token(State(issuer): Stub, headers: HeaderMap, body: String) -> Response {
    if let Some(answer) = scripted(issuer.answer("token")).await {
        return answer;
    }
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let refused = || (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}")));
    let known = headers.get(header::AUTHORIZATION).is_some_and(|sent| *sent == *basic)
        || form.get("client_secret").is_some_and(|secret| secret == SECRET);
    let code = form.get("code").and_then(|code| issuer.codes.lock().unwrap().remove(code));
    let Some(code) =
        code.filter(|_| known && form.get("redirect_uri").is_some_and(|uri| *uri == issuer.redirect))
    else {
        return refused();
    };
    let verifier = PkceCodeVerifier::new(form.get("code_verifier").cloned().unwrap_or_default());
    if verifier.secret().len() < 43
        || PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str() != code.challenge
    {
        return refused();
    }
    let mut answer = json!({"access_token": "access-1", "token_type": "Bearer", "expires_in": 300});
    if !issuer.script().without_id_token {
        answer["id_token"] = issuer.id_token(&code.nonce).into();
    }
    Json(answer).into_response()
}

fn ed_key(seed: u8, kid: &str) -> CoreEdDsaPrivateSigningKey {
    // PKCS #8 of an Ed25519 key is this beginning and the seed.
    let begin = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = STANDARD.encode([&begin[..], &[seed; 32]].concat());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(kid.to_owned()))).unwrap()
}

fn rsa_key(kid: &str) -> CoreRsaPrivateSigningKey {
    static KEY: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let pem = KEY.get_or_init(|| {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
        key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string()
    });
    CoreRsaPrivateSigningKey::from_pem(pem, Some(JsonWebKeyId::new(kid.to_owned()))).unwrap()
}

/// The public half, as the provider publishes it.
pub(crate) fn jwk(signer: &Signer, kid: &str) -> Value {
    match signer {
        Signer::EdDsa(seed) => json!(ed_key(*seed, kid).as_verification_key()),
        Signer::Rs256 => json!(rsa_key(kid).as_verification_key()),
        Signer::Hmac(_) | Signer::None => panic!("there is no public half"),
    }
}

fn sign(signer: &Signer, kid: &str, claims: &Value) -> String {
    let alg = match signer {
        Signer::EdDsa(_) => "EdDSA",
        Signer::Rs256 => "RS256",
        Signer::Hmac(_) => "HS256",
        Signer::None => "none",
    };
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({"alg": alg, "kid": kid, "typ": "JWT"})), part(claims));
    let bytes = message.as_bytes();
    let signature = match signer {
        Signer::EdDsa(seed) => ed_key(*seed, kid).sign(&CoreJwsSigningAlgorithm::EdDsa, bytes).unwrap(),
        Signer::Rs256 => rsa_key(kid).sign(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, bytes).unwrap(),
        Signer::Hmac(secret) => {
            CoreHmacKey::new(secret.clone()).sign(&CoreJwsSigningAlgorithm::HmacSha256, bytes).unwrap()
        }
        Signer::None => Vec::new(),
    };
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}
