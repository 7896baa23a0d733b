//! The archive, the trash, and the end of pages.

use weft_access::Allowed;
use weft_access::Refused;
use weft_access::action::{DestroyPage, RestPage};
use weft_ids::PageId;

use super::{Destroyed, Edited, Page, Spot};
use crate::error::WikiError;
use crate::notice::{About, Kind};
use crate::share::Share;
use crate::wiki::{Stamp, Turn, Wiki, now};

impl Wiki {
    /// Puts a page, with everything below it, into the trash. Doing it again does nothing.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn trash_page(&self, proof: &Allowed<RestPage>) -> Result<Page, WikiError> {
        let turn = self.turn().await;
        let mut page = self.page(proof.object()).ok_or(Refused::Hidden)?;
        if page.trashed.is_none() {
            page.trashed = Some(Stamp { at: now(), by: proof.by().cloned() });
            self.put(&turn, page.clone()).await?;
            let (watchers, about) = (self.watchers(&page.id), About::Page(page.id.clone()));
            self.tell_people(&turn, &watchers, Kind::PageTrashed, &about, proof.by()).await?;
        }
        Ok(page)
    }

    /// Takes a page, with everything that went with it, out of the trash. Where the page above it is in the trash or
    /// gone, it comes to the top of its space.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn restore_page(&self, proof: &Allowed<RestPage>) -> Result<Page, WikiError> {
        let turn = self.turn().await;
        let mut page = self.page(proof.object()).ok_or(Refused::Hidden)?;
        if page.trashed.take().is_none() {
            return Ok(page);
        }
        if let Some(parent) = page.spot.parent() {
            let model = self.model();
            let well =
                model.chain(parent).is_some_and(|chain| chain.iter().all(|page| page.trashed.is_none()));
            if !well {
                let space = model.space_of(&page.id).ok_or(Refused::Hidden)?;
                page.spot = Spot::Top(space.id.clone());
            }
        }
        self.put(&turn, page.clone()).await?;
        Ok(page)
    }

    /// Puts a page, with everything below it, into the archive, or takes it out.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn archive_page(&self, proof: &Allowed<RestPage>, archived: bool) -> Result<Page, WikiError> {
        let turn = self.turn().await;
        let mut page = self.page(proof.object()).ok_or(Refused::Hidden)?;
        if page.archived.is_some() != archived {
            page.archived = archived.then(|| Stamp { at: now(), by: proof.by().cloned() });
            self.put(&turn, page.clone()).await?;
        }
        Ok(page)
    }

    /// Deletes a page that is in the trash, with everything below it: nobody comes to it any more, and
    /// [`Wiki::remove_destroyed`] takes what it said off the disk. What cut it short leaves the page in the trash, and
    /// doing it again goes on.
    ///
    /// # Errors
    /// [`WikiError::Conflict`] when it is not in the trash, and those of the store.
    pub async fn destroy_page(&self, proof: &Allowed<DestroyPage>) -> Result<(), WikiError> {
        let turn = self.turn().await;
        let page = self.page(proof.object()).ok_or(Refused::Hidden)?;
        if page.trashed.is_none() {
            return Err(WikiError::Conflict);
        }
        let below = self.model().subtree(&page);
        // What lies deepest goes first, so that nothing is left without a way to the top.
        for id in below.iter().rev() {
            self.destroy(&turn, id).await?;
        }
        Ok(())
    }

    pub(crate) async fn destroy(&self, turn: &Turn<'_>, id: &PageId) -> Result<(), WikiError> {
        let shares: Vec<Share> =
            self.model().shares.iter().filter(|share| share.page == *id).cloned().collect();
        for share in shares {
            self.remove::<Share>(turn, share.id).await?;
        }
        self.remove::<Edited>(turn, id.clone()).await?;
        self.put(turn, Destroyed { page: id.clone(), removed: false }).await?;
        self.remove::<Page>(turn, id.clone()).await
    }
}
