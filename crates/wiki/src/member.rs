//! People: who they are, how they come in and are let in, and the groups they are in.

mod admin;
mod group;
mod identity;
mod invitation;
mod passkey;
mod person;
mod picture;
mod reset;
mod second_step;
mod set_up;
mod sign_in;
mod token;

pub use admin::{NewPerson, PersonChange};
pub use group::{GROUP_NAME_CHARACTERS_MAX, GROUPS_MAX, Group};
pub(crate) use identity::Identity;
pub use identity::{Came, Vouched};
pub use invitation::{INVITATION_MAX, INVITATIONS_MAX, INVITED_SPACES_MAX, Invitation, Newcomer, Offer};
pub use passkey::{
    NewPasskey, PASSKEY_NAME_CHARACTERS_MAX, PASSKEY_STATE_BYTES, PASSKEYS_PER_PERSON_MAX, Passkey,
};
pub use person::{
    EMAIL_BYTES_MAX, LANGUAGE_CHARACTERS_MAX, NAME_CHARACTERS_MAX, PEOPLE_MAX, Person, Profile,
    TIME_ZONE_CHARACTERS_MAX, Theme, email_cleaned,
};
pub use picture::{PICTURE_BYTES_MAX, PictureKind};
pub use reset::RESET_MAX;
pub(crate) use reset::Reset;
pub use second_step::{SecondStep, Shown};
pub use set_up::{HOME_SLUG, NewOwner};
pub use sign_in::{
    AGENT_CHARACTERS_MAX, SIGN_IN_IDLE_MAX, SIGN_IN_MAX, SIGN_INS_PER_PERSON_MAX, SignIn, SignedIn,
};
pub use token::{Keyed, NewToken, TOKEN_NAME_CHARACTERS_MAX, TOKENS_PER_PERSON_MAX, Token};
