//! Everybody asks everything of everything: who is answered what, cell by cell, as [`rules`] expects it.
//!
//! What somebody may not know of is answered like what does not exist, to the letter.

pub(super) mod actor;
mod routes;
mod rules;
pub(super) mod town;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;

use self::actor::{ACTORS, Actor};
use self::routes::{
    ACCOUNT_ROUTES, DOC_ROUTES, OTHER_ROUTES, PAGE_ROUTES, PERSON_ROUTES, Route, SHARE_ROUTES, SHARES,
    SOCKETS, SOMEBODIES, SPACE_ROUTES, Somebody,
};
use self::town::{PAGES, PLOTS, Page, Plot, Town};
use super::*;

/// The most wrong cells that are told of.
const TOLD_MAX: usize = 40;

/// The cells of one kind of thing.
#[derive(Default)]
struct Matrix {
    cells: usize,
    wrong: Vec<String>,
}

impl Matrix {
    /// Everybody asks every route about every thing. The first thing is one that does not exist.
    async fn fill<T: Debug>(
        &mut self,
        routes: &[Route<T>],
        things: &[T],
        path: impl Fn(&Town, &T, &str) -> String,
    ) {
        for route in routes {
            let mut town = Town::new().await;
            for actor in ACTORS {
                let mut nothing = HashMap::new();
                for thing in things {
                    let expected = (route.answer)(actor, thing);
                    let path = path(&town, thing, route.path);
                    let method = Method::from_bytes(route.method.as_bytes()).unwrap();
                    let answer = town.ask(actor, method, &path, (route.body)(&town, thing)).await;
                    self.cells += 1;
                    let cell = || format!("{actor:?} {} {} {thing:?}", route.method, route.path);
                    if answer.status.as_u16() != expected {
                        self.wrong.push(format!(
                            "{}: {} instead of {expected}: {:?}",
                            cell(),
                            answer.status,
                            answer.body
                        ));
                    } else if matches!(expected, 401 | 404) {
                        let told = nothing.entry(expected).or_insert_with(|| answer.body.clone());
                        if *told != answer.body {
                            self.wrong.push(format!(
                                "{}: told from what does not exist: {:?}",
                                cell(),
                                answer.body
                            ));
                        }
                    }
                    if route.wrecks && answer.status.is_success() {
                        town = Town::new().await;
                    }
                }
            }
        }
    }

    fn check(self, cells_min: usize) {
        assert!(self.cells >= cells_min, "only {} cells", self.cells);
        let told = self.wrong.iter().take(TOLD_MAX).cloned().collect::<Vec<_>>().join("\n");
        assert!(self.wrong.is_empty(), "{} of {} cells are wrong:\n{told}", self.wrong.len(), self.cells);
    }
}

fn of_page(town: &Town, page: &Page, path: &str) -> String {
    path.replace("{id}", &town.pages[page.name])
}

fn of_doc(town: &Town, page: &Page, path: &str) -> String {
    let version = town.things.get(page.name).map_or("none", String::as_str);
    let path = path.replace("{name}", &format!("page%2F{}", town.pages[page.name]));
    path.replace("{id}", version).replace("{seq}", "1")
}

fn of_space(town: &Town, plot: &Plot, path: &str) -> String {
    path.replace("{id}", &town.spaces[plot])
}

fn of_person(town: &Town, somebody: &Somebody, path: &str) -> String {
    let id = match somebody {
        Somebody::Gone => &town.pages["gone"],
        Somebody::Of(actor) => &town.people[actor],
    };
    path.replace("{id}", id)
}

fn of_share(town: &Town, share: &&'static str, path: &str) -> String {
    path.replace("{id}", town.things.get(share).unwrap_or_else(|| &town.pages[share]))
}

fn of_none(town: &Town, (): &(), path: &str) -> String {
    let mut asked = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (thing, after) = after.split_once('}').unwrap();
        let id = town.things.get(thing).unwrap_or_else(|| &town.pages[thing]);
        asked.extend([before, id.as_str()]);
        rest = after;
    }
    asked + rest
}

#[tokio::test]
async fn pages_are_seen_and_changed_by_right_alone() {
    let mut matrix = Matrix::default();
    matrix.fill(PAGE_ROUTES, &PAGES, of_page).await;
    matrix.check(10_000);
}

#[tokio::test]
async fn what_pages_say_and_said_is_read_and_written_by_right_alone() {
    let mut matrix = Matrix::default();
    // What is no page's name is a document like any other.
    let pages: Vec<Page> = PAGES.iter().filter(|page| page.plot != Plot::NoId).copied().collect();
    matrix.fill(DOC_ROUTES, &pages, of_doc).await;
    matrix.check(8_000);
}

#[tokio::test]
async fn spaces_people_and_links_are_looked_after_by_right_alone() {
    let mut matrix = Matrix::default();
    matrix.fill(SPACE_ROUTES, &PLOTS, of_space).await;
    matrix.fill(PERSON_ROUTES, &SOMEBODIES, of_person).await;
    matrix.fill(SHARE_ROUTES, &SHARES, of_share).await;
    matrix.check(2_000);
}

#[tokio::test]
async fn the_rest_is_for_whom_it_is_for() {
    let mut matrix = Matrix::default();
    matrix.fill(OTHER_ROUTES, &[()], of_none).await;
    matrix.fill(ACCOUNT_ROUTES, &[()], of_none).await;
    matrix.check(1_100);
}

/// `path` without its query, what varies in it made alike.
fn shape(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_is_in_the_matrix() {
    fn asked<T>(routes: &[Route<T>]) -> Vec<(String, String)> {
        routes.iter().map(|route| (shape(route.path), route.method.to_lowercase())).collect()
    }
    let asked: BTreeSet<(String, String)> = [
        asked(PAGE_ROUTES),
        asked(DOC_ROUTES),
        asked(SPACE_ROUTES),
        asked(PERSON_ROUTES),
        asked(SHARE_ROUTES),
        asked(OTHER_ROUTES),
        asked(ACCOUNT_ROUTES),
    ]
    .into_iter()
    .flatten()
    .collect();
    let described: serde_json::Value =
        serde_json::from_str(&crate::http::openapi::json()).expect("the description is JSON");
    let mut missing = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            if !asked.contains(&(shape(path), method.clone())) {
                missing.push(format!("{method} {path}"));
            }
        }
    }
    // What is served and not described is found in the table itself.
    let table = include_str!("../../app.rs");
    for part in table.split(".route(").skip(1) {
        let path = part.split('"').nth(1).unwrap();
        let docs = path == "/api/docs/{*path}";
        if !docs && !SOCKETS.contains(&path) && !asked.iter().any(|(known, _)| *known == shape(path)) {
            missing.push(path.to_owned());
        }
    }
    assert!(missing.is_empty(), "nobody asks {missing:?}");
}

#[tokio::test]
async fn whoever_is_asked_for_is_who_they_are() {
    let town = Town::new().await;
    for actor in ACTORS.into_iter().filter_map(Actor::person) {
        let me = town.ask(actor, Method::GET, "/api/me", town::Sent::Nothing).await.json();
        assert_eq!(me["id"].as_str(), Some(town.people[&actor].as_str()), "{actor:?}");
    }
}
