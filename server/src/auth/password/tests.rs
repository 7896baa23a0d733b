use super::*;

const MEI: About<'static> = About { email: "mei.chen@example.com", name: "Mei Chen", wiki: "Rivertown Wiki" };

fn check(text: &str) -> Result<(), Refusal> {
    acceptable(&Password::new(text.to_owned()), MEI)
}

#[test]
fn a_password_has_10_to_256_characters() {
    let mixed = "fern-quartz 7 lantern ";
    assert_eq!(check("kV3#xq9Lw"), Err(Refusal::TooShort));
    assert_eq!(check("kV3#xq9LwT"), Ok(()));
    // Characters count, not bytes.
    assert_eq!(check("山高月小水落石出"), Err(Refusal::TooShort));
    assert_eq!(check("山高月小水落石出曾日月"), Ok(()));
    let long: String = mixed.chars().cycle().take(PASSWORD_CHARACTERS_MAX).collect();
    assert_eq!(check(&long), Ok(()));
    assert_eq!(check(&format!("{long}x")), Err(Refusal::TooLong));
}

#[test]
fn no_kind_of_character_is_asked_for() {
    for good in [
        "correct horse battery staple",
        "tumble marmot violin gate",
        "918273645540192837465",
        "ржавый трактор едет",
    ] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
}

#[test]
fn what_others_try_first_is_refused() {
    for bad in [
        "password12",
        "Password123!",
        "P@ssw0rd123",
        "qwertyuiop",
        "1234567890",
        "1q2w3e4r5t",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "iloveyou123",
        "administrator",
        "chen1chen1",
    ] {
        assert_eq!(check(bad), Err(Refusal::Common), "{bad}");
    }
}

#[test]
fn what_anybody_knows_of_a_person_is_refused() {
    assert_eq!(check("Mei.Chen@Example.com"), Err(Refusal::Email));
    assert_eq!(check(" rivertown wiki "), Err(Refusal::Wiki));
    let long = About { name: "Maximiliane Osterhagen", email: "maximiliane@example.com", wiki: "Docs" };
    for (text, refusal) in [("maximiliane osterhagen", Refusal::Name), ("Maximiliane", Refusal::Email)] {
        assert_eq!(acceptable(&Password::new(text.to_owned()), long), Err(refusal));
    }
    // An empty fact refuses nothing by itself.
    let nobody = About { name: "", email: "", wiki: "" };
    assert_eq!(acceptable(&Password::new("tumble marmot violin".to_owned()), nobody), Ok(()));
}

#[test]
fn refusals_say_what_to_do() {
    for refusal in
        [Refusal::TooShort, Refusal::TooLong, Refusal::Email, Refusal::Name, Refusal::Wiki, Refusal::Common]
    {
        assert!(refusal.to_string().contains("Use "), "{refusal}");
    }
    assert!(Refusal::TooShort.to_string().contains("10"));
}

#[tokio::test]
async fn a_password_is_known_again_and_no_other() {
    let hasher = Hasher::new();
    let password = Password::new("tumble marmot violin".to_owned());
    let stored = hasher.hash(password.clone()).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_ne!(stored, hasher.hash(password.clone()).await.unwrap(), "each hash has a salt of its own");
    let verify = |text: &str| hasher.verify(Password::new(text.to_owned()), Some(stored.clone()));
    assert_eq!(verify("tumble marmot violin").await.unwrap(), Verdict::Right { rehash: false });
    for wrong in ["", "tumble marmot violi", "Tumble marmot violin", "tumble marmot violin "] {
        assert_eq!(verify(wrong).await.unwrap(), Verdict::Wrong, "{wrong}");
    }
}

#[tokio::test]
async fn one_form_of_a_character_is_as_good_as_the_other() {
    let hasher = Hasher::new();
    let stored = hasher.hash(Password::new("caf\u{e9} marmot violin".to_owned())).await.unwrap();
    let other = Password::new("cafe\u{301} marmot violin".to_owned());
    assert_eq!(hasher.verify(other, Some(stored)).await.unwrap(), Verdict::Right { rehash: false });
}

#[tokio::test]
async fn nobody_has_no_password() {
    let hasher = Hasher::new();
    for text in ["", "nobody", "tumble marmot violin"] {
        assert_eq!(hasher.verify(Password::new(text.to_owned()), None).await.unwrap(), Verdict::Wrong);
    }
    // The work is the same: the hash for nobody has the parameters of everybody's.
    assert!(!is_old(&PasswordHash::new(NOBODY).unwrap()));
}

#[tokio::test]
async fn a_password_longer_than_any_is_wrong_whatever_is_stored() {
    let long = Password::new("x".repeat(PASSWORD_CHARACTERS_MAX + 1));
    let salt = SaltString::encode_b64(&[1; SALT_BYTES]).unwrap();
    let stored = argon2().unwrap().hash_password(long.0.as_bytes(), &salt).unwrap().to_string();
    assert_eq!(Hasher::new().verify(long, Some(stored)).await.unwrap(), Verdict::Wrong);
}

#[tokio::test]
async fn a_hash_of_other_parameters_is_to_be_made_anew() {
    let password = Password::new("tumble marmot violin".to_owned());
    let salt = SaltString::encode_b64(&[1; SALT_BYTES]).unwrap();
    for (algorithm, memory, passes) in [
        (Algorithm::Argon2id, 8192, 2),
        (Algorithm::Argon2id, MEMORY_KIB, 1),
        (Algorithm::Argon2i, MEMORY_KIB, 2),
    ] {
        let old = Argon2::new(algorithm, Version::V0x13, Params::new(memory, passes, 1, None).unwrap());
        let stored = old.hash_password(password.0.as_bytes(), &salt).unwrap().to_string();
        let verdict = Hasher::new().verify(password.clone(), Some(stored)).await.unwrap();
        assert_eq!(verdict, Verdict::Right { rehash: true }, "{algorithm} {memory} {passes}");
    }
}

#[tokio::test]
async fn a_damaged_hash_is_our_fault_and_not_a_wrong_password() {
    for stored in ["", "plain text", "$argon2id$v=19$m=1", "$2b$12$abcdefghijklmnopqrstuu"] {
        let answer = Hasher::new().verify(Password::new("x".to_owned()), Some(stored.to_owned())).await;
        assert!(matches!(answer, Err(HashError::Broken(_))), "{stored}");
    }
}

#[tokio::test]
async fn one_more_than_may_wait_is_told_to_come_again() {
    let hasher = Hasher::new();
    let running = hasher.running.clone().acquire_many_owned(HASHINGS_MAX as u32).await.unwrap();
    let mut waiting = Vec::new();
    for _ in 0..HASHINGS_MAX + HASHINGS_WAITING_MAX {
        let mut call = Box::pin(hasher.run(|| Ok(())));
        assert!(futures_util::poll!(&mut call).is_pending());
        waiting.push(call);
    }
    assert!(matches!(hasher.run(|| Ok(())).await, Err(HashError::Busy)));
    drop(running);
    for call in waiting {
        call.await.unwrap();
    }
    hasher.run(|| Ok(())).await.unwrap();
}

#[tokio::test]
async fn a_caller_who_hangs_up_makes_no_room_while_the_work_goes_on() {
    let hasher = Hasher::new();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let mut call =
        Box::pin(hasher.run(move || wait.recv().map_err(|error| HashError::Broken(error.to_string()))));
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    assert_eq!(hasher.running.available_permits(), HASHINGS_MAX - 1);
    go.send(()).unwrap();
    drop(hasher.running.acquire_many(HASHINGS_MAX as u32).await.unwrap());
}

#[test]
fn debug_and_errors_show_no_password() {
    let password: Password = serde_json::from_str("\"tumble marmot\"").unwrap();
    assert_eq!(format!("{password:?}"), "Password(..)");
}
