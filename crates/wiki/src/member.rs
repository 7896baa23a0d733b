//! People: who they are, where they are signed in, and the groups they are in.

mod group;
mod person;
mod set_up;
mod sign_in;

pub use group::{GROUP_NAME_CHARACTERS_MAX, GROUPS_MAX, Group};
pub use person::{EMAIL_BYTES_MAX, NAME_CHARACTERS_MAX, PEOPLE_MAX, Person, Profile, Theme, email_cleaned};
pub use set_up::{HOME_SLUG, NewOwner};
pub use sign_in::{
    AGENT_CHARACTERS_MAX, SIGN_IN_IDLE_MAX, SIGN_IN_MAX, SIGN_INS_PER_PERSON_MAX, SignIn, SignedIn,
};
