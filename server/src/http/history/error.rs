//! The one place where the errors of histories become statuses.

use axum::http::StatusCode;
use weft_history::HistoryError;
use weft_history::past::WishError;

use crate::http::error::ApiError;

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        let message = error.to_string();
        let missing =
            |code, help: &'static str| Self::new(StatusCode::NOT_FOUND, code, message.clone(), help);
        let wrong = |code, help: &'static str| {
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message.clone(), help)
        };
        match error {
            HistoryError::Unknown => weft_hub::HubError::Unknown.into(),
            HistoryError::Hub(error) => error.into(),
            HistoryError::Store(error) => weft_hub::HubError::from(error).into(),
            HistoryError::NoMoment { .. } | HistoryError::Wish(WishError::NoMoment(_)) => {
                missing("unknown_seq", "Ask /history for the first and the newest change.")
            }
            HistoryError::Gone { .. } => missing(
                "gone",
                "The operator does not keep older changes. Ask for a later moment, or /versions for those before.",
            ),
            HistoryError::NoAuthor(_) => {
                missing("unknown_author", "Ask /history for the keys of those who wrote here.")
            }
            HistoryError::NoVersion(_) => missing("unknown_version", "Ask /versions for those there are."),
            HistoryError::Wish(WishError::NoSuch(_)) => {
                missing("unknown_block", "Ask /at/{seq} for the blocks and keys of that moment.")
            }
            HistoryError::Wish(WishError::Homeless(_)) => {
                wrong("homeless", "Bring back the block that it stood in, or the whole document.")
            }
            HistoryError::Wish(WishError::TooLarge(_)) => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                message,
                "Nothing was stored. Bring it back in parts, or copy the moment as a new document.",
            ),
            HistoryError::Automatic(_) => wrong("automatic", "POST its seq to /versions to name the moment."),
            HistoryError::TooManyVersions(_) => {
                wrong("too_many_versions", "Remove the name of one that is not needed any more.")
            }
            HistoryError::VersionName(_) => {
                wrong("bad_version_name", "A name is 1 to 100 characters on one line.")
            }
            HistoryError::NothingToCopy => wrong(
                "nothing_to_copy",
                "A document exists once something is written in it. Copy a later moment.",
            ),
            HistoryError::Exists(_) => Self::new(
                StatusCode::CONFLICT,
                "exists",
                message,
                "Nothing was stored. Choose another name, or leave it out.",
            ),
            HistoryError::Past(_) => weft_hub::HubError::Damaged.into(),
            HistoryError::Unverified => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "unverified",
                "what was computed would not have brought back what was asked for",
                "Nothing was stored. Copy the moment as a new document instead, and please report this.",
            ),
            HistoryError::BrokenOff => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "the server made a mistake",
                "Try again; if it stays, look into the server's log.",
            ),
        }
    }
}
