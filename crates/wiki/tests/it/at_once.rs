//! Several people at once: nothing is lost, nothing lies below itself, and what is stored is what is shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use weft_access::action::{DestroyPage, EditPage, EditSpace, RestPage, ViewPage};
use weft_access::{Refused, Role};
use weft_ids::PageId;
use weft_wiki::WikiError;
use weft_wiki::page::{At, NewPage, Place};
use weft_wiki::space::Space;

use crate::{House, named, opened};

const MOVERS: u64 = 4;
const MOVES: usize = 150;
const PAGES: usize = 24;

/// The pages of some spaces, each once, as their trees show them, with the page above each.
fn shown(house: &House, wiki: &weft_wiki::Wiki, spaces: &[&Space]) -> Vec<(PageId, Option<PageId>)> {
    let mut pages = Vec::new();
    for space in spaces {
        let proof = wiki.allow_space(&house.owner, &space.id).unwrap();
        pages.extend(wiki.tree(&proof).into_iter().map(|line| (line.page.id, line.parent)));
    }
    pages
}

/// Moves pages about, each by proofs of a moment ago.
async fn moves_about(house: Arc<House>, spaces: [Space; 2], pages: Vec<PageId>, seed: u64) -> usize {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut moved = 0;
    for _ in 0..MOVES {
        let [page, other, sibling] = [(); 3].map(|()| pages[dice.random_range(0..pages.len())].clone());
        let proof = house.page::<EditPage>(&page);
        let place = if dice.random_range(0..5) == 0 {
            Place::Top(house.space::<EditSpace>(&spaces[dice.random_range(0..2)].id))
        } else {
            Place::Below(house.page::<EditPage>(&other))
        };
        let at = [At::First, At::Last, At::After(sibling)][dice.random_range(0..3)].clone();
        // The others go on, and what was proven is of the past.
        for _ in 0..dice.random_range(0..4) {
            tokio::task::yield_now().await;
        }
        match house.wiki.move_page(&proof, &place, &at).await {
            Ok(_) => moved += 1,
            Err(WikiError::Circle) => {}
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
    moved
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn moves_at_once_lose_no_page_and_make_no_circle() {
    for seed in 0..6 {
        let house = Arc::new(House::new().await);
        let spaces = [house.team().await, house.makes_space(named("Other")).await.unwrap()];
        let mut pages = Vec::new();
        for number in 0..PAGES {
            let page = match pages.get(number / 2) {
                Some(above) if number > 0 => house.makes_below(above).await.unwrap(),
                _ => house.makes_at_top(&spaces[0]).await,
            };
            pages.push(page);
        }
        let ids: Vec<PageId> = pages.into_iter().map(|page| page.id).collect();
        let movers = (0..MOVERS).map(|mover| {
            tokio::spawn(moves_about(house.clone(), spaces.clone(), ids.clone(), seed * MOVERS + mover))
        });
        let mut moved = 0;
        for mover in movers.collect::<Vec<_>>() {
            moved += mover.await.unwrap();
        }
        assert!(moved > MOVES, "seed {seed}: they are refused only");

        let both = [&spaces[0], &spaces[1]];
        let tree = shown(&house, &house.wiki, &both);
        let each: BTreeSet<&PageId> = tree.iter().map(|(page, _)| page).collect();
        assert_eq!((tree.len(), each), (PAGES, ids.iter().collect()), "seed {seed}");
        // What is stored says the same.
        assert_eq!(shown(&house, &opened(&house.store).await, &both), tree, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_who_delete_the_same_tree_delete_it_once_while_a_third_writes_below_it() {
    for round in 0..20 {
        let house = Arc::new(House::new().await);
        let team = house.team().await;
        let mut path = vec![house.makes_at_top(&team).await];
        for _ in 0..8 {
            path.push(house.makes_below(path.last().unwrap()).await.unwrap());
        }
        let root = path[0].id.clone();
        let mia = house.comes("Mia", Role::Owner).await;
        let below = house.page::<EditPage>(&path[8].id);
        let trashing = [house.owner.clone(), mia].map(|subject| {
            let (house, root) = (house.clone(), root.clone());
            tokio::spawn(async move {
                let wiki = &house.wiki;
                let hidden = |error: WikiError| matches!(error, WikiError::Refused(Refused::Hidden));
                let Ok(proof) = wiki.allow_page::<RestPage>(&subject, &root) else { return false };
                if let Err(error) = wiki.trash_page(&proof).await {
                    assert!(hidden(error));
                }
                let Ok(proof) = wiki.allow_page::<DestroyPage>(&subject, &root) else { return false };
                tokio::task::yield_now().await;
                match wiki.destroy_page(&proof).await {
                    Ok(()) => true,
                    Err(error) => {
                        assert!(hidden(error));
                        false
                    }
                }
            })
        });
        let writing = tokio::spawn({
            let house = house.clone();
            async move {
                for _ in 0..10 {
                    let (place, at) = (Place::Below(below.clone()), At::Last);
                    let made =
                        house.wiki.make_page(NewPage { id: None, place, at, icon: None, from: None }).await;
                    match made {
                        Ok(_) | Err(WikiError::Refused(Refused::Hidden)) => {}
                        Err(error) => panic!("{error}"),
                    }
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut deleted = 0;
        for one in trashing {
            deleted += usize::from(one.await.unwrap());
        }
        writing.await.unwrap();
        assert_eq!(deleted, 1, "round {round}");
        assert!(shown(&house, &house.wiki, &[&team]).is_empty());
        let again = opened(&house.store).await;
        for page in &path {
            assert!(house.wiki.allow_page::<ViewPage>(&house.owner, &page.id).is_err());
            assert!(again.page(&page.id).is_none(), "round {round}");
        }
        assert!(house.wiki.trash(&house.looks_into(&team)).is_empty());
        // Nothing is left that has no way to the top.
        let rows = house.store.list("", None, 10_000).await.unwrap();
        let stored = rows.iter().filter(|row| row.key.contains("page") && row.key.contains('/'));
        let orphans: Vec<&str> = stored
            .map(|row| row.key.as_str())
            .filter(|key| path.iter().any(|page| key.ends_with(page.id.as_str())))
            .collect();
        assert!(orphans.is_empty(), "round {round}: {orphans:?}");
    }
}
