//! Whole sign-ins against a provider on loopback.

use std::sync::Arc;

use super::issuer::{Answer, CLIENT, Issuer, SECRET, Script, Signer, jwk};
use super::settings::SettingsError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;

const REDIRECT: &str = "https://wiki.example.com/api/sign-in/house/callback";
const NOW_SECONDS: u64 = 1_800_000_000;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW_SECONDS)
}

fn provider(settings: ProviderSettings) -> Provider {
    Provider::new(settings, Url::parse(REDIRECT).unwrap()).unwrap()
}

async fn world() -> (Arc<Issuer>, Provider) {
    let issuer = Issuer::start(NOW_SECONDS, REDIRECT).await;
    let provider = provider(issuer.settings());
    (issuer, provider)
}

async fn sign_in(issuer: &Issuer, provider: &Provider) -> Result<Identity, OidcError> {
    let (url, pending) = provider.begin("/home", now()).await?;
    provider.finish(issuer.say_yes(&url), pending, now()).await
}

/// A sign-in at a provider that follows `script` must fail as one whose word does not hold.
async fn untrue(script: Script) {
    let (issuer, provider) = world().await;
    *issuer.script() = script;
    let answer = sign_in(&issuer, &provider).await;
    assert!(matches!(answer, Err(OidcError::Untrue { .. })), "{answer:?}");
}

async fn untrue_claims(claims: serde_json::Value) {
    untrue(Script { claims, ..Script::default() }).await;
}

#[tokio::test]
async fn a_person_signs_in_with_either_algorithm() {
    for signer in [Signer::EdDsa(1), Signer::Rs256] {
        let (issuer, provider) = world().await;
        issuer.publish(&signer, "one");
        issuer.script().signer = Some(signer);
        let (url, pending) = provider.begin("/home/page-1", now()).await.unwrap();
        assert_eq!(pending.next(), "/home/page-1");
        let identity = provider.finish(issuer.say_yes(&url), pending, now()).await.unwrap();
        let expected = Identity {
            issuer: issuer.url.clone(),
            subject: "mei-1".to_owned(),
            email: Some("mei@example.com".to_owned()),
            email_verified: true,
            name: Some("Mei Chen".to_owned()),
        };
        assert_eq!(identity, expected);
        assert_eq!(issuer.asked("discovery"), 1, "what it says of itself is remembered");
        assert_eq!(issuer.asked("userinfo"), 0, "nothing is missing");
    }
}

#[tokio::test]
async fn a_clock_may_be_off_by_a_minute() {
    let (issuer, provider) = world().await;
    issuer.script().claims =
        json!({"exp": NOW_SECONDS - 59, "iat": NOW_SECONDS + 60, "nbf": NOW_SECONDS + 60});
    sign_in(&issuer, &provider).await.unwrap();
}

#[tokio::test]
async fn what_the_token_leaves_out_the_provider_is_asked_for() {
    let (issuer, provider) = world().await;
    issuer.script().claims = json!({"email": null, "email_verified": null, "name": null});
    issuer.script().userinfo =
        json!({"sub": "mei-1", "email": "m@example.com", "email_verified": "true", "name": "Mei"});
    let identity = sign_in(&issuer, &provider).await.unwrap();
    assert_eq!(identity.email.as_deref(), Some("m@example.com"));
    assert!(identity.email_verified && identity.name.as_deref() == Some("Mei"));
    issuer.script().userinfo = json!({"sub": "somebody-else", "email": "boss@example.com"});
    let answer = sign_in(&issuer, &provider).await;
    assert!(matches!(answer, Err(OidcError::Untrue { .. })), "{answer:?}");
}

#[tokio::test]
async fn new_keys_are_fetched_when_they_are_met() {
    let (issuer, provider) = world().await;
    sign_in(&issuer, &provider).await.unwrap();
    issuer.publish(&Signer::EdDsa(2), "two");
    issuer.script().signer = Some(Signer::EdDsa(2));
    issuer.script().kid = Some("two");
    sign_in(&issuer, &provider).await.unwrap();
    assert_eq!(issuer.asked("keys"), 2);
}

#[tokio::test]
async fn the_client_secret_goes_where_the_provider_takes_it() {
    let (issuer, provider) = world().await;
    issuer.script().discovery = json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]});
    sign_in(&issuer, &provider).await.unwrap();
}

#[tokio::test]
async fn a_token_of_another_sign_in_does_not_hold() {
    untrue_claims(json!({"nonce": "another"})).await;
    untrue_claims(json!({"nonce": null})).await;
}

#[tokio::test]
async fn a_token_for_another_client_does_not_hold() {
    untrue_claims(json!({"aud": "another-client"})).await;
    untrue_claims(json!({"aud": [CLIENT, "another-client"]})).await;
    untrue_claims(json!({"aud": []})).await;
    untrue_claims(json!({"azp": "another-client"})).await;
}

#[tokio::test]
async fn a_token_of_another_issuer_does_not_hold() {
    untrue_claims(json!({"iss": "https://evil.example"})).await;
}

#[tokio::test]
async fn a_token_outside_its_time_does_not_hold() {
    untrue_claims(json!({"exp": NOW_SECONDS - 60})).await;
    untrue_claims(json!({"nbf": NOW_SECONDS + 61})).await;
    untrue_claims(json!({"iat": NOW_SECONDS + 61})).await;
}

#[tokio::test]
async fn a_token_that_nobody_signed_does_not_hold() {
    untrue(Script { signer: Some(Signer::None), ..Script::default() }).await;
}

#[tokio::test]
async fn a_token_signed_with_what_everybody_knows_does_not_hold() {
    let key = jwk(&Signer::EdDsa(1), "one");
    let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    for secret in [public, key.to_string().into_bytes(), SECRET.into()] {
        untrue(Script { signer: Some(Signer::Hmac(secret)), ..Script::default() }).await;
    }
}

#[tokio::test]
async fn a_token_signed_with_an_unknown_key_does_not_hold() {
    untrue(Script { kid: Some("unknown"), ..Script::default() }).await;
    // The right name on the wrong key.
    untrue(Script { signer: Some(Signer::EdDsa(2)), ..Script::default() }).await;
    untrue(Script { damaged: true, ..Script::default() }).await;
}

#[tokio::test]
async fn without_a_token_nobody_is_known() {
    untrue(Script { without_id_token: true, ..Script::default() }).await;
}

#[tokio::test]
async fn only_the_browser_that_began_comes_back() {
    let (issuer, provider) = world().await;
    for state in
        [None, Some(String::new()), Some("another".to_owned()), Some("x".repeat(CALLBACK_BYTES_MAX + 1))]
    {
        let (url, pending) = provider.begin("/", now()).await.unwrap();
        let callback = Callback { state, ..issuer.say_yes(&url) };
        let answer = provider.finish(callback, pending, now()).await;
        assert!(matches!(answer, Err(OidcError::Stray)), "{answer:?}");
    }
    let (url, pending) = provider.begin("/", now()).await.unwrap();
    let pending = Pending { provider: "other".to_owned(), ..pending };
    assert!(matches!(provider.finish(issuer.say_yes(&url), pending, now()).await, Err(OidcError::Stray)));
    let (url, pending) = provider.begin("/", now()).await.unwrap();
    let elsewhere = Callback { iss: Some("https://evil.example".to_owned()), ..issuer.say_yes(&url) };
    assert!(matches!(provider.finish(elsewhere, pending, now()).await, Err(OidcError::Stray)));
    let (url, pending) = provider.begin("/", now()).await.unwrap();
    let codeless = Callback { code: None, ..issuer.say_yes(&url) };
    assert!(matches!(provider.finish(codeless, pending, now()).await, Err(OidcError::Stray)));
    assert_eq!(issuer.asked("token"), 0, "the provider was not even asked");
}

#[tokio::test]
async fn a_sign_in_is_finished_once_and_in_time() {
    let (issuer, provider) = world().await;
    let (url, pending) = provider.begin("/", now()).await.unwrap();
    let (kept, callback) = (pending.clone(), issuer.say_yes(&url));
    let again =
        Callback { code: callback.code.clone(), state: callback.state.clone(), ..Callback::default() };
    provider.finish(callback, pending, now()).await.unwrap();
    let answer = provider.finish(again, kept, now()).await;
    assert!(matches!(answer, Err(OidcError::Refused { .. })), "{answer:?}");
    let (url, pending) = provider.begin("/", now()).await.unwrap();
    let answer = provider.finish(issuer.say_yes(&url), pending, now() + PENDING_LASTS).await;
    assert!(matches!(answer, Err(OidcError::Late)), "{answer:?}");
}

#[tokio::test]
async fn what_the_provider_refuses_is_said() {
    let (issuer, provider) = world().await;
    let (url, pending) = provider.begin("/", now()).await.unwrap();
    let invented = Callback { code: Some("invented".to_owned()), ..issuer.say_yes(&url) };
    let answer = provider.finish(invented, pending, now()).await;
    assert!(matches!(answer, Err(OidcError::Refused { .. })), "{answer:?}");
    let (url, pending) = provider.begin("/", now()).await.unwrap();
    let callback = Callback {
        code: None,
        error: Some("access_denied".to_owned()),
        error_description: Some("you\r\nsaid no".to_owned()),
        ..issuer.say_yes(&url)
    };
    let error = provider.finish(callback, pending, now()).await.unwrap_err().to_string();
    assert!(error.contains("(yousaid no)"), "{error}");
}

#[tokio::test]
async fn a_code_is_nothing_without_its_verifier() {
    let (issuer, provider) = world().await;
    for verifier in [String::new(), "v".repeat(43)] {
        let (url, pending) = provider.begin("/", now()).await.unwrap();
        let answer = provider.finish(issuer.say_yes(&url), Pending { verifier, ..pending }, now()).await;
        assert!(matches!(answer, Err(OidcError::Refused { .. })), "{answer:?}");
    }
}

#[tokio::test]
async fn a_provider_that_says_it_is_another_is_not_asked_further() {
    let (issuer, provider) = world().await;
    for other in ["https://evil.example", &format!("{}/", issuer.url)] {
        issuer.script().discovery = json!({"issuer": other});
        let answer = provider.begin("/", now()).await;
        assert!(matches!(answer, Err(OidcError::Provider { .. })), "{answer:?}");
    }
    assert_eq!(issuer.asked("keys"), 0);
}

#[tokio::test]
async fn a_provider_that_is_huge_slow_broken_or_elsewhere_is_given_up() {
    for (answer, reason) in [
        (Answer::Huge, "longer than"),
        (Answer::Redirect, "another address"),
        (Answer::Never, "did not answer"),
        (Answer::Broken, "500"),
    ] {
        for route in ["discovery", "keys"] {
            let (issuer, mut provider) = world().await;
            if matches!(answer, Answer::Never) {
                provider.asker.timeout = Duration::from_millis(100);
            }
            issuer.script().answers.insert(route, answer);
            let error = provider.begin("/", now()).await.unwrap_err();
            assert!(matches!(error, OidcError::Provider { .. }), "{error:?}");
            assert!(error.to_string().contains(reason), "{error}");
            assert!(error.to_string().contains("House"), "{error}");
            // It is asked anew as soon as it is well again.
            issuer.script().answers.clear();
            provider.begin("/", now()).await.unwrap();
        }
        let (issuer, mut provider) = world().await;
        let (url, pending) = provider.begin("/", now()).await.unwrap();
        if matches!(answer, Answer::Never) {
            provider.asker.timeout = Duration::from_millis(100);
        }
        issuer.script().answers.insert("token", answer);
        let finished = provider.finish(issuer.say_yes(&url), pending, now()).await;
        assert!(
            matches!(finished, Err(OidcError::Provider { .. } | OidcError::Untrue { .. })),
            "{finished:?}"
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_said_by_name() {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (issuer, _) = world().await;
    let gone = provider(ProviderSettings { issuer: format!("http://127.0.0.1:{port}"), ..issuer.settings() });
    let error = gone.begin("/", now()).await.unwrap_err().to_string();
    assert!(error.starts_with("House cannot be asked: it cannot be reached"), "{error}");
}

#[tokio::test]
async fn over_https_nothing_is_asked_plainly() {
    let asker = Asker::https().unwrap();
    let request = openidconnect::http::Request::get("http://127.0.0.1:9/keys").body(Vec::new()).unwrap();
    let answer = openidconnect::AsyncHttpClient::call(&asker, request).await;
    assert!(matches!(answer, Err(AskError::Plain(_))), "{answer:?}");
}

#[tokio::test]
async fn only_allowed_domains_sign_in() {
    let issuer = Issuer::start(NOW_SECONDS, REDIRECT).await;
    let domains = |domain: &str| vec![domain.to_owned()];
    let mine = provider(ProviderSettings { domains: domains("example.com"), ..issuer.settings() });
    sign_in(&issuer, &mine).await.unwrap();
    let other = provider(ProviderSettings { domains: domains("example.org"), ..issuer.settings() });
    let error = sign_in(&issuer, &other).await.unwrap_err();
    assert!(error.to_string().contains("example.org"), "{error}");
    issuer.script().claims = json!({"email_verified": false});
    assert!(matches!(sign_in(&issuer, &mine).await, Err(OidcError::Domain { .. })));
}

#[tokio::test]
async fn a_sign_in_leads_to_own_pages_and_its_secrets_are_not_shown() {
    let (_issuer, provider) = world().await;
    let (_, pending) = provider.begin("//evil.example", now()).await.unwrap();
    assert_eq!(pending.next(), "/");
    let shown = format!(
        "{pending:?} {provider:?} {:?}",
        Callback { code: Some("c0de".to_owned()), ..Callback::default() }
    );
    for secret in [&*pending.nonce, &*pending.verifier, "hush", "c0de"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(provider.settings().create, Create::Members);
}

#[test]
fn settings_that_cannot_work_say_why() {
    let settings = ProviderSettings {
        id: "house".to_owned(),
        label: "House".to_owned(),
        issuer: "http://id.example.com".to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: None,
        scopes: Vec::new(),
        create: Create::Nobody,
        domains: Vec::new(),
    };
    let error = Provider::new(settings, Url::parse(REDIRECT).unwrap()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SettingsError::Plain(_))), "{error}");
}
