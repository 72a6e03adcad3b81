use super::*;

const KEY: &str = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=";
const LOG: &str = "b1541897b6ad297c";

fn key() -> PublicKey {
    KEY.parse().unwrap()
}

#[test]
fn a_file_names_logs_between_comments_and_blank_lines() {
    let text = format!("# payments\r\n\n \texample.com/payments\t{LOG}  {KEY}  db1, rack 4 \n");
    let trust = TrustFile::parse(&text).unwrap();
    assert_eq!(
        (trust.key(key().id()), trust.origin(key().id()).as_deref()),
        (Some(key()), Some("example.com/payments"))
    );
    assert_eq!(trust.key(KeyId::from([0; 8])), None);
    assert!(TrustFile::parse("# nobody\n").unwrap().is_empty());
}

#[test]
fn a_line_comes_back_as_it_was_whatever_the_origin() {
    for origin in
        ["example.com/payments", "two words", "\"quoted\"", "#1", "*", "", "tab\tend\n", "Zürich", "\u{a0}"]
    {
        for comment in ["", "db1, rack 4"] {
            let line = TrustLine::Log {
                origin: origin.to_owned(),
                key: key(),
                from_start: false,
                comment: comment.to_owned(),
            };
            let text = line.to_string();
            assert_eq!(text.lines().count(), 1, "{text}");
            match origin {
                "" => assert!(text.parse::<TrustLine>().is_err()),
                _ => assert_eq!(text.parse(), Ok(line), "{text}"),
            }
        }
    }
}

#[test]
fn only_an_origin_that_could_be_misread_is_quoted() {
    for (origin, written) in [
        ("example.com/payments", "example.com/payments"),
        ("Zürich", "Zürich"),
        ("two words", "\"two words\""),
        ("a\u{7}", "\"a\\u0007\""),
        ("#1", "\"#1\""),
        ("", "\"\""),
    ] {
        let line = TrustLine::Log {
            origin: origin.to_owned(),
            key: key(),
            from_start: false,
            comment: String::new(),
        };
        assert_eq!(line.to_string(), format!("{written} {LOG} {KEY}"));
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_what_was_expected_and_found() {
    for (line, expected, found) in [
        (format!("payments {KEY}"), "the id of a log", KEY),
        ("payments".to_owned(), "the id of a log", ""),
        (format!("payments {} {KEY}", LOG.to_uppercase()), "the id of a log", "B1541897B6AD297C"),
        (format!("payments {LOG}"), "the log's public key", ""),
        (format!("payments {LOG} {}", &KEY[1..]), "the log's public key", &KEY[1..]),
        (
            format!("payments b1541897b6ad297d {KEY}"),
            "b1541897b6ad297c, the id of the key",
            "b1541897b6ad297d",
        ),
        (format!("\"payments {LOG} {KEY}"), "an origin", ""),
    ] {
        let error = TrustFile::parse(&format!("# first\n\n{line}\n")).unwrap_err();
        assert_eq!(error.line, 3);
        assert!(error.why.expected.starts_with(expected), "{error}");
        assert!(error.why.found == found || expected == "an origin", "{error}");
    }
}

#[test]
fn lines_that_disagree_are_refused_and_doubles_are_not() {
    let line = |origin: &str| format!("{origin} {LOG} {KEY} x\n");
    assert!(TrustFile::parse(&(line("payments") + &line("payments"))).is_ok());
    let error = TrustFile::parse(&(line("payments") + &line("orders"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2: expected the origin that an earlier line has for this log, \"payments\", found \"orders\""
    );
}

#[test]
fn a_fleet_has_stars_for_origin_and_log() {
    let line = format!("* * {KEY} of the fleet");
    let parsed = TrustLine::Fleet { key: key(), comment: "of the fleet".to_owned() };
    assert_eq!((line.parse(), parsed.to_string()), (Ok(parsed), line.clone()));
    let trust = TrustFile::parse(&format!("{line}\n* * {KEY}\n")).unwrap();
    assert_eq!((trust.fleets(), trust.key(key().id()), trust.is_empty()), (&[key()][..], None, false));
    for wrong in [format!("* {LOG} {KEY}"), format!("example.com * {KEY}"), "* *".to_owned()] {
        assert!(TrustFile::parse(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_missing_on_a_line_is_said_to_be() {
    let error = "payments".parse::<TrustLine>().unwrap_err();
    assert!(error.to_string().ends_with("behind the origin, found nothing"), "{error}");
    let error = "payments x".parse::<TrustLine>().unwrap_err();
    assert!(error.to_string().ends_with("behind the origin, found \"x\""), "{error}");
}
