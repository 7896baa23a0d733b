//! The one place where the errors of the wiki, and of signing in, become statuses.

use axum::http::{HeaderValue, StatusCode, header};
use weft_access::Refused;
use weft_hub::HubError;
use weft_wiki::{Field, WikiError};

use super::error::ApiError;
use crate::auth::password::HashError;
use crate::auth::rate::TooOften;

const NOTHING: &str = "Nothing was changed.";

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let of = |status, code, help| Self::new(status, code, refused.to_string(), help);
        match refused {
            Refused::NotLocal => Self::not_open(),
            Refused::SignIn => of(
                StatusCode::UNAUTHORIZED,
                "sign_in",
                "Sign in, or send a token as Authorization: Bearer weft_…",
            ),
            Refused::Hidden => of(
                StatusCode::NOT_FOUND,
                "not_found",
                "Check the address, or ask somebody who manages the space for access.",
            ),
            Refused::Forbidden => {
                of(StatusCode::FORBIDDEN, "forbidden", "Ask somebody who manages it for more rights.")
            }
            Refused::AtRest => {
                of(StatusCode::FORBIDDEN, "forbidden", "Take the page out of the archive or the trash first.")
            }
        }
    }
}

impl From<WikiError> for ApiError {
    fn from(error: WikiError) -> Self {
        let message = error.to_string();
        let conflict =
            |code, help: &'static str| Self::new(StatusCode::CONFLICT, code, message.clone(), help);
        match error {
            WikiError::Refused(refused) => refused.into(),
            WikiError::Invalid { field, why } => Self::invalid(field.as_str(), why),
            WikiError::Taken(field) => {
                let (code, help) = match field {
                    Field::Email => ("email_taken", "Somebody has an account with this e-mail address."),
                    Field::Slug => {
                        ("slug_taken", "Another space has this address, or one that looks like it.")
                    }
                    _ => ("taken", "Choose another that does not look like one there is."),
                };
                conflict(code, help).about(field.as_str())
            }
            WikiError::TooMany { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too_many",
                message,
                "Nothing was changed. Remove some that are not needed any more.",
            ),
            WikiError::LastOwner => conflict("last_owner", NOTHING),
            WikiError::LastManager => conflict("last_manager", NOTHING),
            WikiError::MoreThanOwn => Self::new(StatusCode::FORBIDDEN, "forbidden", message, NOTHING),
            WikiError::Circle => conflict("circle", "Nothing was changed. Choose another place."),
            WikiError::TooDeep { .. } => {
                conflict("too_deep", "Nothing was changed. Choose a place higher up.")
            }
            WikiError::Gone => {
                Self::new(StatusCode::GONE, "gone", message, "Ask whoever sent it for a new one.")
            }
            WikiError::NoAccount => Self::new(
                StatusCode::FORBIDDEN,
                "no_account",
                message,
                "Ask somebody who looks after people for an invitation.",
            ),
            // Whether there is an owner is told by /api/server; here there is nothing any more.
            WikiError::SetUp => {
                Self::new(StatusCode::NOT_FOUND, "not_found", message, "Sign in, or ask for an invitation.")
            }
            WikiError::Conflict => {
                conflict("conflict", "Nothing was changed. Look at it again and try once more.")
            }
            WikiError::Store(error) => HubError::from(error).into(),
            WikiError::Hub(error) => error.into(),
            WikiError::History(error) => error.into(),
        }
    }
}

impl From<TooOften> for ApiError {
    fn from(often: TooOften) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "locked_out",
            often.to_string(),
            "Wait so long. Others are not kept out by this.",
        )
        .with(header::RETRY_AFTER, HeaderValue::from(often.seconds))
    }
}

impl From<HashError> for ApiError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                error.to_string(),
                "Nothing was changed. Try again in a few seconds.",
            )
            .with(header::RETRY_AFTER, HeaderValue::from_static("3")),
            HashError::Broken(why) => {
                tracing::error!(why, "a password could not be hashed or compared");
                Self::internal()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use weft_store::StoreError;

    use super::*;

    #[test]
    fn every_refusal_has_its_status_and_its_word() {
        let down = StoreError::Unavailable { what: "a disk".into() };
        for (error, status, code) in [
            (WikiError::Refused(Refused::NotLocal), 403, "not_allowed"),
            (WikiError::Refused(Refused::SignIn), 401, "sign_in"),
            (WikiError::Refused(Refused::Hidden), 404, "not_found"),
            (WikiError::Refused(Refused::Forbidden), 403, "forbidden"),
            (WikiError::Refused(Refused::AtRest), 403, "forbidden"),
            (WikiError::Invalid { field: Field::Name, why: "no".into() }, 422, "invalid"),
            (WikiError::Taken(Field::Email), 409, "email_taken"),
            (WikiError::Taken(Field::Slug), 409, "slug_taken"),
            (WikiError::Taken(Field::Name), 409, "taken"),
            (WikiError::TooMany { what: "groups", max: 1 }, 422, "too_many"),
            (WikiError::LastOwner, 409, "last_owner"),
            (WikiError::LastManager, 409, "last_manager"),
            (WikiError::MoreThanOwn, 403, "forbidden"),
            (WikiError::Circle, 409, "circle"),
            (WikiError::TooDeep { max: 1 }, 409, "too_deep"),
            (WikiError::Gone, 410, "gone"),
            (WikiError::NoAccount, 403, "no_account"),
            (WikiError::SetUp, 404, "not_found"),
            (WikiError::Conflict, 409, "conflict"),
            (WikiError::Store(down), 503, "unavailable"),
        ] {
            let answer = ApiError::from(error.clone());
            assert_eq!((answer.status.as_u16(), answer.code), (status, code), "{error:?}");
        }
        assert_eq!(ApiError::from(WikiError::Taken(Field::Name)).field(), Some("name"));
    }

    #[test]
    fn waiting_is_told_in_seconds() {
        let answer = ApiError::from(TooOften { seconds: 90 });
        assert_eq!((answer.status.as_u16(), answer.code), (429, "locked_out"));
        assert_eq!(answer.header(&header::RETRY_AFTER).unwrap(), "90");
        assert_eq!(ApiError::from(HashError::Busy).status.as_u16(), 503);
        assert_eq!(ApiError::from(HashError::Broken("x".into())).status.as_u16(), 500);
    }
}
