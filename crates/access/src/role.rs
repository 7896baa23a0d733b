//! How much somebody may, in the server and in a space or on a page.

/// What a person is on this server. Ordered: each may all that those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees only what is granted to them.
    Guest,
    /// Sees the spaces that are open to members, and makes some.
    Member,
    /// Looks after people and the server.
    Admin,
    /// Looks after admins too. There is always one.
    Owner,
}

/// What somebody may do in a space or on a page. Ordered: each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Read, and be seen reading.
    View,
    /// Comment too.
    Comment,
    /// Change, make, move and trash pages too.
    Edit,
    /// Say who may what, and delete for good.
    Manage,
}

/// How far a person's key reaches. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Only to read.
    Read,
    /// To read and write pages.
    Write,
    /// To do what its person may do with the server and its spaces, but not to touch their account.
    Admin,
    /// They are here themselves, signed in.
    Full,
}

impl Scope {
    /// The most that somebody with this scope may in a space or on a page.
    #[must_use]
    pub fn most(self) -> Level {
        match self {
            Self::Read => Level::View,
            Self::Write => Level::Edit,
            Self::Admin | Self::Full => Level::Manage,
        }
    }
}

macro_rules! words {
    ($name:ident: $($variant:ident = $word:literal),+) => {
        impl $name {
            /// Every one, the least first.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for it in the API and in storage.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Reads the word.
            #[must_use]
            pub fn read(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words!(Role: Guest = "guest", Member = "member", Admin = "admin", Owner = "owner");
words!(Level: View = "view", Comment = "comment", Edit = "edit", Manage = "manage");
words!(Scope: Read = "read", Write = "write", Admin = "admin", Full = "full");
