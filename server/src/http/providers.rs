//! `/api/sign-in/{provider}`: signing in by an account elsewhere. Browsers go to these addresses and are sent on; what goes
//! wrong is told by the sign-in page.

use std::time::SystemTime;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use utoipa::IntoParams;
use weft_access::Refused;
use weft_wiki::WikiError;
use weft_wiki::audit::Deed;
use weft_wiki::member::{Came, Vouched};

use super::address::{Part, Queried};
use super::asked::Asked;
use super::audit::Noted as _;
use super::error::{ApiError, ErrorBody};
use super::sign_in::{agent, remember};
use crate::app::{App, AppState};
use crate::asking::hash;
use crate::auth::cookie::{self, Purpose};
use crate::auth::oidc::{Callback, Create, OidcError, PENDING_LASTS, Provider, own_path};
use crate::auth::secret::{Kind, Secret};

/// Where somebody wants to go.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NextQuery {
    /// A path of this server; where they go when they are signed in.
    #[serde(default)]
    next: Option<String>,
}

/// Why somebody is not signed in, as the sign-in page is told it (`/sign-in?failed=…`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failed {
    /// The provider cannot be asked, or what it says does not hold.
    Provider,
    /// The person said no, or the provider did.
    Refused,
    /// Not begun in this browser, finished already, or too long ago.
    Stray,
    /// Nobody here has this account, or may have one.
    NoAccount,
    /// They are kept out.
    Suspended,
    /// Too many sign in at this moment.
    Busy,
}

impl Failed {
    fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Refused => "refused",
            Self::Stray => "stray",
            Self::NoAccount => "no_account",
            Self::Suspended => "suspended",
            Self::Busy => "busy",
        }
    }
}

impl From<OidcError> for Failed {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Provider { .. } | OidcError::Untrue { .. } => Self::Provider,
            OidcError::Refused { .. } => Self::Refused,
            OidcError::Stray | OidcError::Late => Self::Stray,
            OidcError::Domain { .. } => Self::NoAccount,
        }
    }
}

fn provider<'a>(app: &'a App, id: &str) -> Result<&'a Provider, ApiError> {
    let provider = app.provider.as_ref().filter(|provider| provider.settings().id == id);
    // Which there are is told to everybody.
    Ok(provider.ok_or(Refused::Hidden)?)
}

/// Sends the browser on. Its answer is nobody's to keep.
fn go(to: &str, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Result<Response, ApiError> {
    let to = HeaderValue::from_str(to).map_err(|_| ApiError::internal())?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    let fields = response.headers_mut();
    fields.insert(header::LOCATION, to);
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in cookies.into_iter().flatten() {
        fields.append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Back to the sign-in page, which says why.
fn back(failed: Failed, next: &str, clear: Option<HeaderValue>) -> Result<Response, ApiError> {
    let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
    go(&format!("/sign-in?failed={}&next={next}", failed.as_str()), [clear])
}

/// Begins a sign-in: sends the browser to the provider.
#[utoipa::path(get, path = "/api/sign-in/{provider}", tag = "sign-in",
    params(("provider" = String, Path,), NextQuery), responses(
    (status = 303, description = "To the provider; or to the sign-in page, with the reason as `failed`."),
    (status = 404, description = "There is no such provider.", body = ErrorBody),
    (status = 429, description = "Too many were tried.", body = ErrorBody),
))]
pub(crate) async fn begin(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
    Queried(query): Queried<NextQuery>,
) -> Result<Response, ApiError> {
    let provider = provider(&app, &id)?;
    app.limits.link(asked.address)?;
    let next = own_path(query.next.as_deref().unwrap_or("/"));
    let now = SystemTime::now();
    let (url, pending) = match provider.begin(next, now).await {
        Ok(begun) => begun,
        Err(error) => return back(error.into(), next, None),
    };
    let secret = Secret::random(Kind::Pending);
    if app.away.keep(secret.hash(), pending, now).is_err() {
        return back(Failed::Busy, next, None);
    }
    go(url.as_str(), [cookie::set(Purpose::Pending, asked.scheme, &secret, Some(PENDING_LASTS))])
}

/// Finishes a sign-in: the provider sends the browser here.
#[utoipa::path(get, path = "/api/sign-in/{provider}/callback", tag = "sign-in",
    params(("provider" = String, Path,)), responses(
    (status = 303, description = "To where they wanted to go, signed in, with this cookie; or to the sign-in page, with the reason as `failed`."),
    (status = 404, description = "There is no such provider.", body = ErrorBody),
    (status = 429, description = "Too many were tried.", body = ErrorBody),
))]
pub(crate) async fn finish(
    State(app): State<AppState>,
    asked: Asked,
    headers: HeaderMap,
    Part(id): Part,
    Queried(callback): Queried<Callback>,
) -> Result<Response, ApiError> {
    let provider = provider(&app, &id)?;
    app.limits.link(asked.address)?;
    let scheme = asked.scheme;
    let clear = cookie::clear(Purpose::Pending, scheme);
    let begun = cookie::read(Purpose::Pending, scheme, &headers);
    let Some(pending) = begun.and_then(|secret| app.away.take(&secret.hash())) else {
        return back(Failed::Stray, "/", clear);
    };
    let next = pending.next().to_owned();
    let identity = match provider.finish(callback, pending, SystemTime::now()).await {
        Ok(identity) => identity,
        Err(error) => {
            tracing::info!(%error, "somebody is not signed in by their provider");
            return back(error.into(), &next, clear);
        }
    };
    let vouched = Vouched {
        issuer: identity.issuer,
        subject: identity.subject,
        email: identity.email.filter(|_| identity.email_verified),
        name: identity.name,
    };
    let everybody = provider.settings().create == Create::Members;
    let secret = Secret::random(Kind::SignIn);
    let address = asked.address.to_string();
    let signed = app.wiki.sign_in_by_provider(&vouched, everybody, hash(&secret), &address, agent(&headers));
    let (person, sign_in, came) = match signed.await {
        Ok(signed) => signed,
        Err(WikiError::NoAccount) => return back(Failed::NoAccount, &next, clear),
        Err(WikiError::Refused(Refused::SignIn)) => return back(Failed::Suspended, &next, clear),
        Err(error) => return Err(error.into()),
    };
    let deed = match came {
        Came::Known => None,
        Came::Linked => Some(Deed::AccountLinked),
        Came::Joined => Some(Deed::Joined),
    };
    if let Some(deed) = deed {
        let label = Some(provider.settings().label.clone());
        app.note_of(Some(person.id.clone()), &asked, deed, Some(person.called()), label).await;
    }
    let set = remember(&app, &asked, &person, &secret, &sign_in).await;
    go(&next, [clear, set])
}
