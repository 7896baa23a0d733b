//! "Who can see this?", as facts for one sentence.

use std::collections::BTreeMap;

use crate::role::Level;
use crate::rule::{Granted, PageFacts, Who};

/// Who can see a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// Everyone who is a member of the server (guests are not).
    pub members: bool,
    /// Who besides, each with their level; with `members` those who may more than that, or are guests.
    pub granted: Vec<Granted>,
}

impl Audience {
    /// Of a page, by the same rules as [`page_level`](crate::page_level).
    #[must_use]
    pub fn of(page: &PageFacts<'_>) -> Self {
        let mut members = page.space.members.is_some();
        let mut levels = BTreeMap::new();
        add(&mut levels, &page.space.granted);
        for (_, rules) in &page.chain {
            if rules.restricted {
                members = false;
                // Managers of the space stay: the fold in `level.rs` never asks the pages about them.
                let managers = &page.space.granted;
                levels.retain(|who, level| {
                    *level == Level::Manage
                        && managers.iter().any(|one| one.who == *who && one.level == Level::Manage)
                });
            }
            add(&mut levels, &rules.granted);
        }
        let granted = levels.into_iter().map(|(who, level)| Granted { who, level }).collect();
        Self { members, granted }
    }
}

fn add(levels: &mut BTreeMap<Who, Level>, granted: &[Granted]) {
    for one in granted {
        let level = levels.entry(one.who.clone()).or_insert(one.level);
        *level = (*level).max(one.level);
    }
}
