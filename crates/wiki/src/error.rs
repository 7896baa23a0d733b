use weft_access::Refused;
use weft_history::HistoryError;
use weft_hub::HubError;
use weft_store::StoreError;

/// Which part of what was asked for is meant, for whoever shows a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// What something or somebody is called.
    Name,
    /// A person's e-mail address.
    Email,
    /// A space's word in addresses.
    Slug,
    /// What a space is for.
    Description,
    /// A page's or a space's icon.
    Icon,
    /// A person's colour.
    Color,
    /// A language.
    Language,
    /// A time zone.
    TimeZone,
    /// Whom something is granted to.
    Who,
    /// How much is granted.
    Level,
    /// A person's role.
    Role,
    /// How far a key reaches.
    Scope,
    /// When something ends.
    Expires,
    /// Where a page is to lie.
    Place,
    /// A page's id.
    Id,
    /// A picture.
    Picture,
    /// The beginning of an app's rooms.
    App,
    /// A key of an app.
    Key,
    /// The web pages of an app.
    Origins,
    /// A second step of signing in.
    Totp,
}

impl Field {
    /// Its name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Slug => "slug",
            Self::Description => "description",
            Self::Icon => "icon",
            Self::Color => "color",
            Self::Language => "language",
            Self::TimeZone => "timeZone",
            Self::Who => "who",
            Self::Level => "level",
            Self::Role => "role",
            Self::Scope => "scope",
            Self::Expires => "expires",
            Self::Place => "place",
            Self::Id => "id",
            Self::Picture => "picture",
            Self::App => "app",
            Self::Key => "publicKey",
            Self::Origins => "origins",
            Self::Totp => "totp",
        }
    }
}

/// Why an operation did not happen. Nothing of it did.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WikiError {
    /// It is not allowed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Something in it cannot be as it is.
    #[error("{why}")]
    Invalid {
        /// What.
        field: Field,
        /// Why, and what would be right.
        why: String,
    },
    /// Somebody or something else has that already.
    #[error("that is taken already")]
    Taken(Field),
    /// There are as many as there may be.
    #[error("there may be at most {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        max: usize,
    },
    /// The server would be without an owner.
    #[error("the server always has an owner: make somebody else one first")]
    LastOwner,
    /// The space would be without a manager.
    #[error("a space always has a manager: make somebody else one first")]
    LastManager,
    /// Nobody grants more than they have.
    #[error("nobody can give more than they have themselves")]
    MoreThanOwn,
    /// A page would lie below itself.
    #[error("a page cannot be moved below itself")]
    Circle,
    /// A page would lie too deep.
    #[error("pages lie at most {max} deep")]
    TooDeep {
        /// How deep they may.
        max: usize,
    },
    /// A link or an invitation was used already, or has ended.
    #[error("this was used already, or has ended")]
    Gone,
    /// Nobody is meant by an account elsewhere.
    #[error("nobody here has this account")]
    NoAccount,
    /// The server has its owner.
    #[error("the server is set up already")]
    SetUp,
    /// Somebody else changed it meanwhile.
    #[error("somebody else changed it meanwhile")]
    Conflict,
    /// The store.
    #[error(transparent)]
    Store(StoreError),
    /// The document.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The document's history.
    #[error(transparent)]
    History(#[from] HistoryError),
}

impl WikiError {
    pub(crate) fn invalid(field: Field, why: impl Into<String>) -> Self {
        Self::Invalid { field, why: why.into() }
    }
}

impl From<StoreError> for WikiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } => Self::Conflict,
            other => Self::Store(other),
        }
    }
}
