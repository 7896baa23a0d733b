//! Signing in with somebody else's account: OpenID Connect, as the code flow with PKCE.
//!
//! [`Provider::begin`] sends the browser away and gives a [`Pending`], which is bound to that browser and used once;
//! [`Provider::finish`] takes what the browser brings back.

mod http;
mod next;
mod pending;
mod settings;

use std::fmt;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
    CoreTokenType,
};
use openidconnect::{
    AccessToken, AdditionalClaims, AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError,
    Client, ClientId, CsrfToken, DiscoveryError, EmptyAdditionalClaims, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenClaims, IdTokenFields, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, SubjectIdentifier,
    TokenResponse as _, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use url::Url;

use super::mail::causes;
use http::{AskError, Asker};
pub(crate) use next::own_path;
pub(crate) use pending::Away;
pub(crate) use settings::{Create, ProviderSettings};

/// How long somebody may take at the provider.
pub(crate) const PENDING_LASTS: Duration = Duration::from_secs(10 * 60);
/// How long what a provider says of itself is believed.
const DISCOVERY_LASTS: Duration = Duration::from_secs(10 * 60);
/// How far the provider's clock may be off.
const CLOCK_SKEW: Duration = Duration::from_secs(60);
/// The longest part of a callback that is looked at.
const CALLBACK_BYTES_MAX: usize = 4_096;

/// With which a provider may sign. Never `none`, and never with a secret that both sides know.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 3] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why somebody is not signed in. What a person may be told; the details are in the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    /// The provider is down, slow, or not what the settings say.
    #[error("{label} cannot be asked: {reason}; try again, or tell an administrator of this wiki")]
    Provider { label: String, reason: String },
    /// The person said no, or the provider did.
    #[error("{label} did not sign you in ({reason}); try again, or ask those who run {label}")]
    Refused { label: String, reason: String },
    /// The sign-in is not one that this browser began, or is incomplete.
    #[error("this sign-in was not begun in this browser, or was finished already; begin it again")]
    Stray,
    #[error("this sign-in took too long; begin it again")]
    Late,
    /// What the provider says of the person does not hold.
    #[error(
        "the answer of {label} does not hold: {reason}; try again, or tell an administrator of this wiki"
    )]
    Untrue { label: String, reason: String },
    /// Not one of the allowed domains, or an address the provider has not verified.
    #[error("only verified addresses of {} may sign in here; use that account, or ask an administrator for an invitation", domains.join(", "))]
    Domain { domains: Vec<String> },
}

/// A sign-in that is under way. The caller keeps it where only this browser's request finds it, and takes it away when it
/// is used.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Pending {
    provider: String,
    state_hash: [u8; 32],
    nonce: String,
    verifier: String,
    next: String,
    /// Milliseconds since 1970.
    expires: u64,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("provider", &self.provider)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl Pending {
    /// Where to go afterwards: a path of this server.
    pub(crate) fn next(&self) -> &str {
        own_path(&self.next)
    }
}

/// What the browser brings back from the provider: the query of the redirect address.
#[derive(Default, Deserialize)]
pub(crate) struct Callback {
    pub(crate) code: Option<String>,
    pub(crate) state: Option<String>,
    /// The issuer, from those that name it (RFC 9207).
    pub(crate) iss: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) error_description: Option<String>,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("error", &self.error).finish_non_exhaustive()
    }
}

/// Who somebody is, as the provider says it and as was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// With `subject` what names a person for ever; the address may change hands.
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    pub(crate) email_verified: bool,
    pub(crate) name: Option<String>,
}

/// A claim beside the standard ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct NotBefore {
    /// Seconds since 1970.
    nbf: Option<f64>,
}

impl AdditionalClaims for NotBefore {}

type Fields = IdTokenFields<
    NotBefore,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type OidcClient = Client<
    NotBefore,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
type Claims = IdTokenClaims<NotBefore, CoreGenderClaim>;

/// What a provider said of itself, and when.
struct Discovered {
    at: SystemTime,
    metadata: CoreProviderMetadata,
}

/// A provider, ready to sign people in.
pub(crate) struct Provider {
    settings: ProviderSettings,
    redirect: RedirectUrl,
    issuer: IssuerUrl,
    asker: Asker,
    discovered: tokio::sync::Mutex<Option<Discovered>>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Provider {
    /// `redirect` is the address at this server that the provider sends browsers back to; it is registered there exactly so.
    /// Nothing is asked yet: a provider that is down does not keep the server from starting.
    ///
    /// # Errors
    /// What in the settings cannot be used, as a sentence.
    pub(crate) fn new(settings: ProviderSettings, redirect: Url) -> anyhow::Result<Self> {
        use anyhow::Context as _;
        let asker = match settings.check()?.scheme() {
            "https" => Asker::https().context(
                "this machine has no certificates of authorities to know providers by; install the package ca-certificates",
            )?,
            _ => Asker::plain(),
        };
        // The text as it is: an issuer is compared to the letter.
        let issuer = IssuerUrl::new(settings.issuer.clone())?;
        Ok(Self {
            settings,
            redirect: RedirectUrl::from_url(redirect),
            issuer,
            asker,
            discovered: None.into(),
        })
    }

    pub(crate) fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// The address to send the browser to, and what to keep until it comes back. `next` is where the person wants to go.
    ///
    /// # Errors
    /// [`OidcError::Provider`] when the provider cannot be asked.
    pub(crate) async fn begin(&self, next: &str, now: SystemTime) -> Result<(Url, Pending), OidcError> {
        let client = self.client(now, false).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(
                self.settings.scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new),
            )
            .set_pkce_challenge(challenge)
            .url();
        let pending = Pending {
            provider: self.settings.id.clone(),
            state_hash: hash(state.secret()),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            next: own_path(next).to_owned(),
            expires: millis(now + PENDING_LASTS),
        };
        Ok((url, pending))
    }

    /// Who came back. `pending` is what [`Provider::begin`] gave for this very browser.
    ///
    /// # Errors
    /// [`OidcError`] says why nobody is signed in.
    pub(crate) async fn finish(
        &self,
        callback: Callback,
        pending: Pending,
        now: SystemTime,
    ) -> Result<Identity, OidcError> {
        let code = self.check(callback, &pending, now)?;
        let client = self.client(now, false).await?;
        let tokens = client
            .exchange_code(code)
            .map_err(|error| self.provider_error(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier))
            .request_async(&self.asker)
            .await
            .map_err(|error| self.token_error(error))?;
        let nonce = Nonce::new(pending.nonce);
        let claims = match self.verified(&client, &tokens, &nonce, now) {
            // The provider may have changed its keys since it was asked for them.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                let client = self.client(now, true).await?;
                self.verified(&client, &tokens, &nonce, now)
            }
            claims => claims,
        };
        let claims = claims.map_err(|error| self.untrue(&error))?;
        let identity = self.identity(&client, &claims, tokens.access_token().clone()).await?;
        if !self.settings.admits(identity.email.as_deref(), identity.email_verified) {
            return Err(OidcError::Domain { domains: self.settings.domains.clone() });
        }
        Ok(identity)
    }

    /// Whether the callback answers this very sign-in, and the code it brings.
    fn check(
        &self,
        callback: Callback,
        pending: &Pending,
        now: SystemTime,
    ) -> Result<AuthorizationCode, OidcError> {
        let short = |text: &String| text.len() <= CALLBACK_BYTES_MAX;
        let state = callback.state.filter(short).ok_or(OidcError::Stray)?;
        let same: bool = hash(&state).ct_eq(&pending.state_hash).into();
        if pending.provider != self.settings.id || !same {
            return Err(OidcError::Stray);
        }
        if millis(now) >= pending.expires {
            return Err(OidcError::Late);
        }
        // Another provider's answer, led here to be redeemed at this one (RFC 9207).
        if callback.iss.is_some_and(|iss| iss != self.settings.issuer) {
            return Err(OidcError::Stray);
        }
        if let Some(error) = callback.error {
            let said = callback.error_description.filter(|said| !said.is_empty()).unwrap_or(error);
            let reason = said.chars().filter(|c| !c.is_control()).take(200).collect();
            return Err(OidcError::Refused { label: self.settings.label.clone(), reason });
        }
        let code = callback.code.filter(|code| short(code) && !code.is_empty()).ok_or(OidcError::Stray)?;
        Ok(AuthorizationCode::new(code))
    }

    /// The claims of the ID token, with everything about it checked.
    fn verified(
        &self,
        client: &OidcClient,
        tokens: &Tokens,
        nonce: &Nonce,
        now: SystemTime,
    ) -> Result<Claims, ClaimsVerificationError> {
        let token = tokens
            .id_token()
            .ok_or_else(|| ClaimsVerificationError::Other("there is no ID token".to_owned()))?;
        let latest = DateTime::<Utc>::from(now + CLOCK_SKEW);
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || (now - CLOCK_SKEW).into())
            .set_issue_time_verifier_fn(move |issued| {
                if issued > latest { Err("it was issued in the future".to_owned()) } else { Ok(()) }
            });
        let claims = token.claims(&verifier, nonce)?;
        let starts = claims.additional_claims().nbf;
        if starts.is_some_and(|nbf| nbf > latest.timestamp() as f64) {
            return Err(ClaimsVerificationError::Other("it is not valid yet".to_owned()));
        }
        // The library leaves this one out: a token that another client asked for must not sign in here.
        if claims.authorized_party().is_some_and(|party| **party != self.settings.client_id) {
            return Err(ClaimsVerificationError::InvalidAudience(
                "it was made for another client".to_owned(),
            ));
        }
        Ok(claims.clone())
    }

    /// What the token says of the person; what it leaves out the provider is asked for.
    async fn identity(
        &self,
        client: &OidcClient,
        claims: &Claims,
        access: AccessToken,
    ) -> Result<Identity, OidcError> {
        let first = |claim: Option<&openidconnect::LocalizedClaim<openidconnect::EndUserName>>| {
            claim
                .and_then(|names| names.get(None).or_else(|| names.iter().next().map(|(_, name)| name)))
                .map(|name| name.to_string())
        };
        let mut identity = Identity {
            issuer: self.settings.issuer.clone(),
            subject: claims.subject().to_string(),
            email: claims.email().map(|email| email.to_string()),
            email_verified: claims.email_verified().unwrap_or(false),
            name: first(claims.name()),
        };
        if (identity.email.is_none() || identity.name.is_none()) && client.user_info_url().is_some() {
            let info = self.user_info(client, claims.subject().clone(), access).await?;
            if identity.email.is_none() {
                identity.email = info.email().map(|email| email.to_string());
                identity.email_verified = info.email_verified().unwrap_or(false);
            }
            identity.name = identity.name.or_else(|| first(info.name()));
        }
        Ok(identity)
    }

    async fn user_info(
        &self,
        client: &OidcClient,
        subject: SubjectIdentifier,
        access: AccessToken,
    ) -> Result<UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim>, OidcError> {
        let request = client.user_info(access, Some(subject)).map_err(|error| self.provider_error(&error))?;
        request.request_async(&self.asker).await.map_err(|error| match error {
            openidconnect::UserInfoError::ClaimsVerification(error) => self.untrue(&error),
            error => self.provider_error(&error),
        })
    }

    /// The client for what the provider says of itself, which is asked again when that is old, or when it is `stale`.
    async fn client(&self, now: SystemTime, stale: bool) -> Result<OidcClient, OidcError> {
        // Whoever comes meanwhile waits for the same answer.
        let mut discovered = self.discovered.lock().await;
        let fresh = |found: &Discovered| now.duration_since(found.at).is_ok_and(|age| age < DISCOVERY_LASTS);
        let metadata = match discovered.as_ref().filter(|found| !stale && fresh(found)) {
            Some(found) => found.metadata.clone(),
            None => {
                let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.asker)
                    .await
                    .map_err(|error| self.discovery_error(error))?;
                discovered.insert(Discovered { at: now, metadata }).metadata.clone()
            }
        };
        drop(discovered);
        let secret = self.settings.client_secret.as_ref();
        let secret = secret.map(|secret| openidconnect::ClientSecret::new(secret.expose().to_owned()));
        let methods = metadata.token_endpoint_auth_methods_supported();
        // Every provider takes the header unless it says otherwise.
        let auth = match methods {
            Some(methods) if !methods.contains(&CoreClientAuthMethod::ClientSecretBasic) => {
                AuthType::RequestBody
            }
            _ => AuthType::BasicAuth,
        };
        let client =
            Client::from_provider_metadata(metadata, ClientId::new(self.settings.client_id.clone()), secret);
        Ok(client.set_redirect_uri(self.redirect.clone()).set_auth_type(auth))
    }

    fn provider_error(&self, error: &dyn std::error::Error) -> OidcError {
        let reason = causes(error);
        tracing::warn!(provider = self.settings.id, reason, "a sign-in provider cannot be asked");
        OidcError::Provider { label: self.settings.label.clone(), reason }
    }

    fn discovery_error(&self, error: DiscoveryError<AskError>) -> OidcError {
        match error {
            // These name neither the provider's answer nor anything that was kept secret.
            DiscoveryError::Request(error) => self.provider_error(&error),
            DiscoveryError::Response(status, _, _) => {
                self.provider_error(&AskError::Unreachable(format!("it answered with status {status}")))
            }
            error => self.provider_error(&error),
        }
    }

    fn token_error(
        &self,
        error: RequestTokenError<AskError, StandardErrorResponse<CoreErrorResponseType>>,
    ) -> OidcError {
        match error {
            RequestTokenError::ServerResponse(said) => {
                tracing::warn!(provider = self.settings.id, error = %said.error(), "a sign-in provider refused a code");
                let reason = format!("it refused the sign-in: {}", said.error());
                OidcError::Refused { label: self.settings.label.clone(), reason }
            }
            RequestTokenError::Request(error) => self.provider_error(&error),
            RequestTokenError::Parse(error, _) => self.untrue(&error),
            error => self.provider_error(&error),
        }
    }

    fn untrue(&self, error: &dyn std::error::Error) -> OidcError {
        let reason = causes(error);
        tracing::warn!(provider = self.settings.id, reason, "what a sign-in provider said does not hold");
        OidcError::Untrue { label: self.settings.label.clone(), reason }
    }
}

fn hash(state: &str) -> [u8; 32] {
    blake3::derive_key("weft 2026-11 state of a sign-in v1", state.as_bytes())
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod issuer;
#[cfg(test)]
mod tests;
