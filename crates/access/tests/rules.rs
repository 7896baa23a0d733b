//! Who may what, rule by rule.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::Arc;

use weft_access::action::{
    Administer, BeHere, DestroyPage, EditPage, EditSpace, KeepAccount, MakeSpaces, ManagePage, ManageSpace,
    Own, RestPage, ViewPage, ViewSpace,
};
use weft_access::{
    Action, AppClaim, Audience, DocRules, Granted, Level, Link, LinkClaim, PageFacts, PageRules, PageState,
    Person, Refused, Right, Role, Rooms, Scope, SpaceRules, Subject, Who, allow, decide, may_knock,
    page_level, space_level,
};
use weft_ids::{AppName, DocId, GroupId, PageId, SpaceId, UserId};

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn group() -> GroupId {
    GroupId::random([3; 24])
}

fn page(number: u8) -> PageId {
    PageId::random([number; 24])
}

fn person(name: &str, role: Role) -> Person {
    Person {
        user: user(name),
        name: name.into(),
        color: "#123456".into(),
        role,
        groups: Arc::new([]),
        scope: Scope::Full,
    }
}

fn subject(person: Person) -> Subject {
    Subject { person: Some(Arc::new(person)), ..Subject::default() }
}

fn granted(name: &str, level: Level) -> Granted {
    Granted { who: Who::Person(user(name)), level }
}

fn open_space() -> SpaceRules {
    SpaceRules { members: Some(Level::Edit), granted: vec![granted("boss", Level::Manage)] }
}

fn private_space() -> SpaceRules {
    SpaceRules { members: None, granted: vec![granted("boss", Level::Manage), granted("ann", Level::View)] }
}

/// A space, and the pages 1 above 2 above 3 with these rules.
struct World {
    space: SpaceRules,
    pages: Vec<(PageId, PageRules)>,
    state: PageState,
}

impl World {
    fn new(space: SpaceRules, rules: [PageRules; 3]) -> Self {
        let pages = (1..).map(page).zip(rules).collect();
        Self { space, pages, state: PageState::Open }
    }

    fn facts(&self, depth: usize) -> PageFacts<'_> {
        let chain = self.pages[..depth].iter().map(|(id, rules)| (id, rules)).collect();
        PageFacts { space: &self.space, chain, state: self.state }
    }

    fn level(&self, who: &Subject, depth: usize) -> Option<Level> {
        page_level(who, &self.facts(depth)).map(|(level, _)| level)
    }
}

fn plain() -> PageRules {
    PageRules::default()
}

fn restricted(granted: Vec<Granted>) -> PageRules {
    PageRules { restricted: true, granted }
}

#[test]
fn a_space_open_to_members_is_closed_to_guests_and_strangers() {
    let space = open_space();
    assert_eq!(space_level(&subject(person("ann", Role::Member)), &space), Some(Level::Edit));
    assert_eq!(space_level(&subject(person("ann", Role::Guest)), &space), None);
    assert_eq!(space_level(&Subject::default(), &space), None);
    assert_eq!(space_level(&Subject::local(), &space), None);
    assert_eq!(space_level(&subject(person("boss", Role::Guest)), &space), Some(Level::Manage));
}

#[test]
fn admins_look_after_open_spaces_and_do_not_see_private_ones() {
    for role in [Role::Admin, Role::Owner] {
        let who = subject(person("root", role));
        assert_eq!(space_level(&who, &open_space()), Some(Level::Manage));
        assert_eq!(space_level(&who, &private_space()), None);
        let world = World::new(private_space(), [plain(), plain(), plain()]);
        assert_eq!(world.level(&who, 3), None);
        assert_eq!(
            allow::<ViewSpace>(&who, SpaceId::random([1; 24]), &private_space()).unwrap_err(),
            Refused::Hidden
        );
    }
}

#[test]
fn groups_count_and_the_most_of_everything_holds() {
    let mut space = private_space();
    space.granted.push(Granted { who: Who::Group(group()), level: Level::Edit });
    let ann = Person { groups: Arc::new([group()]), ..person("ann", Role::Guest) };
    assert_eq!(space_level(&subject(ann), &space), Some(Level::Edit));
    assert_eq!(space_level(&subject(person("ann", Role::Guest)), &space), Some(Level::View));
}

#[test]
fn a_restricted_page_is_for_those_it_names_and_the_managers_and_so_is_what_lies_below() {
    let world =
        World::new(open_space(), [plain(), restricted(vec![granted("ann", Level::Comment)]), plain()]);
    let (ann, ben) = (subject(person("ann", Role::Member)), subject(person("ben", Role::Member)));
    assert_eq!(world.level(&ann, 1), Some(Level::Edit));
    for depth in [2, 3] {
        assert_eq!(world.level(&ann, depth), Some(Level::Comment));
        assert_eq!(world.level(&ben, depth), None);
        assert_eq!(world.level(&subject(person("boss", Role::Guest)), depth), Some(Level::Manage));
    }
}

#[test]
fn a_page_can_be_opened_to_more_people_than_its_space() {
    let opened = PageRules { restricted: false, granted: vec![granted("eve", Level::Edit)] };
    let world = World::new(private_space(), [plain(), opened, plain()]);
    let eve = subject(person("eve", Role::Guest));
    assert_eq!(world.level(&eve, 1), None);
    assert_eq!(world.level(&eve, 2), Some(Level::Edit));
    assert_eq!(world.level(&eve, 3), Some(Level::Edit));
    assert_eq!(space_level(&eve, &world.space), None);
    // What is restricted below is not for those who were let in above.
    let world = World::new(
        private_space(),
        [
            PageRules { restricted: false, granted: vec![granted("eve", Level::Manage)] },
            restricted(vec![]),
            plain(),
        ],
    );
    assert_eq!(world.level(&eve, 2), None);
}

#[test]
fn a_key_caps_what_its_person_may() {
    let world = World::new(open_space(), [plain(), plain(), plain()]);
    for (scope, level) in [
        (Scope::Read, Level::View),
        (Scope::Write, Level::Edit),
        (Scope::Admin, Level::Manage),
        (Scope::Full, Level::Manage),
    ] {
        let boss = subject(Person { scope, ..person("boss", Role::Owner) });
        assert_eq!(world.level(&boss, 1), Some(level));
        assert_eq!(space_level(&boss, &world.space), Some(level));
        assert_eq!(allow::<Own>(&boss, (), &()).is_ok(), scope >= Scope::Admin);
        assert_eq!(allow::<KeepAccount>(&boss, (), &()).is_ok(), scope == Scope::Full);
        assert_eq!(allow::<MakeSpaces>(&boss, (), &()).is_ok(), scope >= Scope::Write);
        assert!(allow::<BeHere>(&boss, (), &()).is_ok());
    }
}

#[test]
fn the_server_is_looked_after_by_admins_and_owners() {
    for role in Role::ALL {
        let who = subject(person("x", *role));
        assert_eq!(allow::<Administer>(&who, (), &()).is_ok(), *role >= Role::Admin);
        assert_eq!(allow::<Own>(&who, (), &()).is_ok(), *role == Role::Owner);
        assert_eq!(allow::<MakeSpaces>(&who, (), &()).is_ok(), *role >= Role::Member);
    }
    assert_eq!(allow::<Administer>(&Subject::local(), (), &()).unwrap_err(), Refused::SignIn);
}

#[test]
fn a_link_opens_its_page_and_what_lies_below_only_if_asked() {
    let world = World::new(private_space(), [plain(), plain(), plain()]);
    let link = |subtree, level| {
        let link = LinkClaim { page: page(2), subtree, level };
        Subject { link: Some(link), ..Subject::default() }
    };
    assert_eq!(page_level(&link(false, Level::View), &world.facts(2)), Some((Level::View, Link::Public)));
    assert_eq!(world.level(&link(false, Level::Edit), 2), Some(Level::Edit));
    assert_eq!(world.level(&link(false, Level::Edit), 3), None);
    assert_eq!(world.level(&link(true, Level::Edit), 3), Some(Level::Edit));
    assert_eq!(world.level(&link(true, Level::Edit), 1), None);
}

#[test]
fn a_link_never_opens_what_is_restricted_below_nor_what_is_at_rest() {
    let link = Subject {
        link: Some(LinkClaim { page: page(1), subtree: true, level: Level::View }),
        ..Subject::default()
    };
    let mut world = World::new(open_space(), [restricted(vec![]), restricted(vec![]), plain()]);
    // Its own page was restricted by those who shared it.
    assert_eq!(world.level(&link, 1), Some(Level::View));
    assert_eq!(world.level(&link, 2), None);
    assert_eq!(world.level(&link, 3), None);
    for state in [PageState::Archived, PageState::Trashed] {
        world.state = state;
        assert_eq!(world.level(&link, 1), None);
    }
}

#[test]
fn who_came_by_a_link_and_is_signed_in_has_the_better_of_both() {
    let world = World::new(private_space(), [plain(), plain(), plain()]);
    let link = Some(LinkClaim { page: page(1), subtree: true, level: Level::Edit });
    let ann = Subject { link, ..subject(person("ann", Role::Member)) };
    assert_eq!(page_level(&ann, &world.facts(1)), Some((Level::Edit, Link::Public)));
    let boss = Subject { link: ann.link, ..subject(person("boss", Role::Member)) };
    assert_eq!(page_level(&boss, &world.facts(1)), Some((Level::Manage, Link::Person)));
}

#[test]
fn what_is_at_rest_is_read_and_woken_but_not_changed() {
    let mut world = World::new(open_space(), [plain(), plain(), plain()]);
    let (ann, boss) = (subject(person("ann", Role::Member)), subject(person("boss", Role::Member)));
    let doc = page(1).doc();
    for state in [PageState::Archived, PageState::Trashed] {
        world.state = state;
        let facts = world.facts(1);
        assert!(allow::<ViewPage>(&ann, page(1), &facts).is_ok());
        assert_eq!(allow::<EditPage>(&ann, page(1), &facts).unwrap_err(), Refused::AtRest);
        assert!(allow::<RestPage>(&ann, page(1), &facts).is_ok());
        assert_eq!(allow::<DestroyPage>(&ann, page(1), &facts).unwrap_err(), Refused::Forbidden);
        assert!(allow::<DestroyPage>(&boss, page(1), &facts).is_ok());
        assert_eq!(allow::<ManagePage>(&boss, page(1), &facts).unwrap_err(), Refused::AtRest);
        let rules = DocRules::Page(facts);
        assert_eq!(decide(&rules, &ann, doc.clone(), Right::Write).unwrap_err(), Refused::AtRest);
        assert!(!decide(&rules, &ann, doc.clone(), Right::Most).unwrap().may_write());
    }
    // The trash is for those who could have put it there.
    world.space.members = Some(Level::View);
    assert_eq!(world.level(&ann, 1), None);
    world.state = PageState::Archived;
    assert_eq!(world.level(&ann, 1), Some(Level::View));
}

#[test]
fn what_may_not_be_seen_looks_like_what_does_not_exist() {
    let world = World::new(private_space(), [plain(), plain(), plain()]);
    let ben = subject(person("ben", Role::Member));
    for (who, answer) in [(&ben, Refused::Hidden), (&Subject::default(), Refused::SignIn)] {
        let doc = page(1).doc();
        assert_eq!(allow::<ViewPage>(who, page(1), &world.facts(1)).unwrap_err(), answer);
        assert_eq!(allow::<ManageSpace>(who, SpaceId::random([1; 24]), &world.space).unwrap_err(), answer);
        assert_eq!(
            decide(&DocRules::Page(world.facts(1)), who, doc.clone(), Right::Read).unwrap_err(),
            answer
        );
        assert_eq!(decide(&DocRules::NoPage, who, doc, Right::Read).unwrap_err(), answer);
    }
    let ann = subject(person("ann", Role::Member));
    assert_eq!(allow::<EditPage>(&ann, page(1), &world.facts(1)).unwrap_err(), Refused::Forbidden);
    assert_eq!(
        allow::<EditSpace>(&ann, SpaceId::random([1; 24]), &world.space).unwrap_err(),
        Refused::Forbidden
    );
}

#[test]
fn a_page_is_not_opened_by_an_open_server_or_a_program_on_this_machine() {
    let world = World::new(open_space(), [plain(), plain(), plain()]);
    assert!(decide(&DocRules::Page(world.facts(1)), &Subject::local(), page(1).doc(), Right::Read).is_err());
    assert!(decide(&DocRules::NoPage, &Subject::local(), page(1).doc(), Right::Write).is_err());
}

#[test]
fn a_document_that_is_nobodys_is_open_to_this_machine_or_to_everyone() {
    let doc = || DocId::new("d").unwrap();
    for right in [Right::Read, Right::Write, Right::Most] {
        let ask = |open, who: &Subject| decide(&DocRules::Free { open }, who, doc(), right);
        assert_eq!(ask(false, &Subject::local()).unwrap().may_write(), right != Right::Read);
        assert_eq!(ask(false, &Subject::default()).unwrap_err(), Refused::NotLocal);
        assert_eq!(ask(false, &subject(person("ann", Role::Owner))).unwrap_err(), Refused::NotLocal);
        assert!(ask(true, &Subject::default()).is_ok());
    }
    assert!(may_knock(false, &Subject::default()).is_err());
    assert!(may_knock(false, &subject(person("ann", Role::Guest))).is_ok());
}

#[test]
fn an_apps_rooms_open_to_whom_the_app_vouches_for_and_to_nobody_else() {
    let app = AppName::new("board").unwrap();
    let rules = DocRules::App { app: &app };
    let claim = |rooms, write| {
        let claim = AppClaim { app: app.clone(), rooms, write, user: None, name: None, color: None };
        Subject { app: Some(Arc::new(claim)), ..Subject::default() }
    };
    let ask = |who: &Subject, doc: &str, right| decide(&rules, who, DocId::new(doc).unwrap(), right);
    let one = claim(Rooms::One("a".into()), true);
    assert!(ask(&one, "board/a", Right::Write).unwrap().may_write());
    assert!(ask(&one, "board/ab", Right::Read).is_err());
    assert!(ask(&one, "other/a", Right::Read).is_err());
    let below = claim(Rooms::Below("team-1/".into()), false);
    assert!(!ask(&below, "board/team-1/x", Right::Most).unwrap().may_write());
    assert_eq!(ask(&below, "board/team-1/x", Right::Write).unwrap_err(), Refused::Forbidden);
    assert!(ask(&below, "board/team-2/x", Right::Read).is_err());
    assert_eq!(ask(&Subject::local(), "board/a", Right::Read).unwrap_err(), Refused::SignIn);
}

#[test]
fn a_grant_allows_what_was_asked_and_no_more() {
    let rules = DocRules::Free { open: true };
    let ask = |right| decide(&rules, &Subject::default(), DocId::new("d").unwrap(), right).unwrap();
    assert!(!ask(Right::Read).may_write());
    assert!(ask(Right::Write).may_write());
    assert!(!ask(Right::Most).read_only().may_write());
}

#[test]
fn the_audience_is_exactly_those_who_have_a_level() {
    let names = ["ann", "ben", "eve", "boss"];
    let levels = &[None, Some(Level::View), Some(Level::Manage)];
    let mut checked = 0;
    for members in [None, Some(Level::View)] {
        for (spaced, top, bottom) in levels
            .iter()
            .flat_map(|a| levels.iter().flat_map(move |b| levels.iter().map(move |c| (*a, *b, *c))))
        {
            for (above, below) in [(false, false), (false, true), (true, false), (true, true)] {
                let some = |name, level: Option<Level>| level.map(|level| granted(name, level)).into_iter();
                let world = World::new(
                    SpaceRules {
                        members,
                        granted: some("ann", spaced).chain(some("boss", Some(Level::Manage))).collect(),
                    },
                    [
                        PageRules {
                            restricted: above,
                            granted: some("ann", top).chain(some("eve", bottom)).collect(),
                        },
                        PageRules { restricted: below, granted: some("ben", bottom).collect() },
                        plain(),
                    ],
                );
                let audience = Audience::of(&world.facts(3));
                for (name, role) in names.iter().flat_map(|name| [(name, Role::Guest), (name, Role::Member)])
                {
                    let named = audience.granted.iter().any(|one| one.who == Who::Person(user(name)));
                    let told = named || (audience.members && role == Role::Member);
                    assert_eq!(
                        told,
                        world.level(&subject(person(name, role)), 3).is_some(),
                        "{name} {role:?} {world:?}",
                        world = world.facts(3)
                    );
                    checked += 1;
                }
            }
        }
    }
    assert_eq!(checked, 2 * 27 * 4 * 8);
}

#[test]
fn every_action_names_its_refusal() {
    fn refusal<A: Action>(subject: &Subject, facts: &A::Facts<'_>) -> Option<Refused> {
        A::check(subject, facts).err()
    }
    assert_eq!(refusal::<BeHere>(&Subject::default(), &()), Some(Refused::SignIn));
    assert_eq!(refusal::<Own>(&subject(person("x", Role::Admin)), &()), Some(Refused::Forbidden));
}

#[test]
fn the_operator_may_what_an_owner_may_with_the_server_and_has_no_account_and_no_pages() {
    let operator = Subject::operator();
    assert_eq!(operator.role(), Some(Role::Owner));
    assert!(allow::<Own>(&operator, (), &()).is_ok_and(|proof| proof.by().is_none()));
    assert!(allow::<Administer>(&operator, (), &()).is_ok());
    assert_eq!(allow::<KeepAccount>(&operator, (), &()).unwrap_err(), Refused::SignIn);
    assert_eq!(space_level(&operator, &open_space()), None);
    assert_eq!(Subject::default().role(), None);
}
