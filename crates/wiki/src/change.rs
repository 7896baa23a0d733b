use weft_ids::{PageId, SpaceId, UserId};

/// Something that is different now. It tells where to look, not what there is to see: whoever listens shows each
/// reader what that reader may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A page was made, named, moved, changed or put to rest.
    Page(PageId),
    /// A page is gone for good.
    PageGone(PageId),
    /// A space was made or changed.
    Space(SpaceId),
    /// A space is gone.
    SpaceGone(SpaceId),
    /// A person is called otherwise, or is something else.
    Person(UserId),
    /// A person is signed out everywhere, or was suspended.
    SignedOut(UserId),
    /// Who may what is different: everything may look different to anybody.
    Rights,
    /// A person was told something.
    Notice(UserId),
}
