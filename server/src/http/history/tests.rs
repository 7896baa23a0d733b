use axum::http::HeaderMap;

use super::moment::Form;
use super::*;

#[test]
fn what_comes_after_a_name_is_a_question_or_nothing() {
    assert_eq!(Ask::read("history"), Some(Ask::Timeline));
    assert_eq!(Ask::read("history/density"), Some(Ask::Density));
    assert_eq!(Ask::read("at"), Some(Ask::At(None)));
    assert_eq!(Ask::read("at/7"), Some(Ask::At(Some("7".into()))));
    for nothing in ["", "history/", "history/x", "history/density/", "at/7/8", "History", "stat"] {
        assert_eq!(Ask::read(nothing), None, "{nothing}");
    }
}

#[test]
fn accept_decides_the_form() {
    let form = |accept: &'static str| {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        Form::of(&headers).ok()
    };
    assert_eq!(Form::of(&HeaderMap::new()).unwrap(), Form::Tree);
    for (accept, expected) in [
        ("*/*", Form::Tree),
        ("", Form::Tree),
        ("application/json", Form::Tree),
        ("text/plain", Form::Text),
        ("text/*", Form::Text),
        ("TEXT/Plain; charset=utf-8", Form::Text),
        ("application/octet-stream", Form::State),
        ("application/*, text/plain", Form::Text),
        ("application/json;q=0.5, application/octet-stream", Form::State),
        ("text/plain;q=0.1, */*;q=0.01", Form::Text),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Form::Tree),
        ("application/json;q=0, */*", Form::Text),
    ] {
        assert_eq!(form(accept), Some(expected), "{accept}");
    }
    assert_eq!(form("image/png"), None);
    assert_eq!(form("*/*;q=0"), None);
}
