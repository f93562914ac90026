//! Inputs that must be refused, or decided safely, in bounded time. Each row is a class of public mistakes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use hallpass_permissions::{
    Account, Claim, Fault, FaultKind, MAX_GRANTS, ParseOptions, Permission, Reason, ScopeFault,
    Target, TargetSpec, decide, explain,
};

const ID: &str = "5f0c2a3e-8d41-4b6f-9c27-1e5a7b9d3f60";
const SLACK: Target<'static> = Target {
    integration: Some("slack"),
    credential: None,
    configuration: None,
};

fn refused(claim: &str) -> Fault {
    let fault = Claim::parse(claim).unwrap_err();
    assert_eq!(fault.code(), "permission_claim_malformed");
    fault
}

#[test]
fn row_32_a_claim_that_is_no_object_is_never_taken_for_absent() {
    for claim in [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1e400",
        "\"\"",
        "\"x\"",
        "[]",
        "[{}]",
        "[\"integration:slack\"]",
    ] {
        let fault = refused(claim);
        assert_eq!(fault.pointer, "", "{claim}");
        assert!(
            matches!(fault.kind, FaultKind::NotAnObject { .. }),
            "{claim}: {fault}"
        );
    }
    assert!(Claim::absent().is_absent());
    let nothing = Claim::parse("{}").unwrap();
    assert!(!nothing.is_absent() && !decide(&nothing, &SLACK, Permission::Events).allowed);
}

#[test]
fn row_32_a_string_that_holds_the_object_is_refused_with_advice_or_accepted_on_request() {
    let claim = r#"" {\"integration:slack\":[\"events\"]}""#;
    let fault = refused(claim);
    assert_eq!(
        (fault.pointer.as_str(), &fault.kind),
        ("", &FaultKind::Stringified)
    );
    assert!(
        fault.to_string().contains("C#")
            && fault.to_string().contains("accept_stringified_permissions")
    );
    let options = ParseOptions {
        accept_stringified: true,
    };
    let accepted = Claim::parse_with(claim, options).unwrap();
    assert!(decide(&accepted, &SLACK, Permission::Events).allowed);
    assert!(Claim::parse_with("\"{}\"", options).unwrap().grants_count() == 0);
}

#[test]
fn row_32_the_lenient_option_accepts_nothing_but_an_object_in_a_string() {
    let options = ParseOptions {
        accept_stringified: true,
    };
    for claim in [
        "null",
        "[]",
        "7",
        r#""null""#,
        r#""""#,
        r#""[]""#,
        r#""\"{}\"""#,
        r#""{}" x"#,
        r#""{} x""#,
        r#""{""#,
    ] {
        assert_eq!(
            Claim::parse_with(claim, options).unwrap_err().pointer,
            "",
            "{claim}"
        );
    }
    let inner = Claim::parse_with(r#""{\"integration:slack\":1}""#, options).unwrap_err();
    assert_eq!(inner.pointer, "/integration:slack");
    let doubled = Claim::parse_with(
        r#""{\"credential:*\":true,\"credential:*\":true}""#,
        options,
    )
    .unwrap_err();
    assert_eq!(doubled.kind, FaultKind::DuplicateMember);
}

#[test]
fn row_33_an_unknown_permission_grants_nothing_and_is_named() {
    let claim = Claim::parse(
        r#"{"integration:slack":["Events","events","*"],"credential:*":["proxy_api"]}"#,
    )
    .unwrap();
    let unknown: Vec<(String, &str)> = claim
        .unknown_permissions()
        .map(|unknown| (claim.unknown_pointer(unknown), unknown.name()))
        .collect();
    let expected = [
        ("/integration:slack/0", "Events"),
        ("/integration:slack/2", "*"),
        ("/credential:*/0", "proxy_api"),
    ];
    assert_eq!(
        unknown,
        expected.map(|(pointer, name)| (pointer.to_owned(), name))
    );
    assert!(decide(&claim, &SLACK, Permission::Events).allowed);
    assert!(!decide(&claim, &SLACK, Permission::ProxyApi).allowed);
    let explanation = explain(&claim, &TargetSpec::from(SLACK), Permission::Events);
    assert_eq!(
        explanation.unknown_permissions,
        ["*", "Events", "proxy_api"]
    );
}

#[test]
fn row_33_every_odd_scope_is_refused_where_it_stands() {
    let odd = [
        ("integration:", ScopeFault::EmptyId),
        ("credential:", ScopeFault::EmptyId),
        ("integration:*:credential:*", ScopeFault::IntegrationName),
        ("integration:slack ", ScopeFault::IntegrationName),
        (" integration:slack", ScopeFault::UnknownPrefix),
        ("__proto__", ScopeFault::UnknownPrefix),
        ("constructor", ScopeFault::UnknownPrefix),
        ("prototype", ScopeFault::UnknownPrefix),
        ("hasOwnProperty", ScopeFault::UnknownPrefix),
        ("project:x", ScopeFault::UnknownPrefix),
        ("*", ScopeFault::UnknownPrefix),
        ("credential:x", ScopeFault::BareId),
        (
            "credential:5F0C2A3E-8D41-4B6F-9C27-1E5A7B9D3F60",
            ScopeFault::UpperCaseId,
        ),
        ("configuration:ext:", ScopeFault::ExternalId),
        ("configuration:ext:*", ScopeFault::ExternalId),
        ("configuration:ext:a ", ScopeFault::ExternalId),
    ];
    for (scope, kind) in odd {
        let fault = refused(&format!(
            r#"{{"integration:github":{{"credential:*":true}},"{scope}":true}}"#
        ));
        assert_eq!(
            (fault.pointer, fault.kind),
            (format!("/{scope}"), FaultKind::Scope(kind))
        );
        let fault = refused(&format!(r#"{{"integration:github":{{"{scope}":{{}}}}}}"#));
        assert_eq!(fault.pointer, format!("/integration:github/{scope}"));
    }
}

#[test]
fn row_33_a_fault_says_what_is_wrong_where_and_how_to_mend_it() {
    let fault = refused(r#"{"integration:slack":{"credential:Team A":true}}"#);
    assert_eq!(
        fault.to_string(),
        "neither an id nor an external id at \"/integration:slack/credential:Team A\": write an id as a lower-case UUID, \
         an external id with ext: before it"
    );
    assert_eq!(
        refused("[]").to_string(),
        "an array instead of an object at the root of the permission claim: send an object, or leave the claim out for an \
         unrestricted token"
    );
}

#[test]
fn row_33_text_that_is_no_json_is_refused() {
    for claim in [
        "",
        " ",
        "{",
        "{]",
        "{\"integration:slack\"}",
        "{\"integration:slack\":}",
        "{\"integration:slack\":tru}",
        "{\"integration:slack\":truely}",
        "{\"integration:slack\":True}",
        "{\"integration:slack\":true,}",
        "{,}",
        "{\"integration:slack\":[\"events\",]}",
        "{\"integration:slack\":[\"events\" \"x\"]}",
        "{\"integration:slack\":true} x",
        "{}{}",
        "{\"integration:slack\":true",
        "{'integration:slack':true}",
        "{integration:true}",
        "{\"integration:\\x73lack\":true}",
        "{\"integration:\\u00zzlack\":true}",
        "{\"credential:ext:\\ud83d\":true}",
        "{\"credential:ext:\\ude00\":true}",
        "{\"credential:ext:\\ud83dx\":true}",
        "{\"credential:ext:\\ud83d\\u0041\":true}",
        "{\"credential:ext:a\nb\":true}",
        "{\"credential:ext:a\0b\":true}",
        "\u{feff}{}",
        "{}\0",
        "/* */{}",
        "{\"integration:slack\":[NaN]}",
    ] {
        let fault = refused(claim);
        assert!(
            matches!(fault.kind, FaultKind::Syntax { .. }),
            "{claim:?}: {fault}"
        );
    }
}

#[test]
fn row_34_the_narrow_false_beats_the_wide_true() {
    let claim =
        format!(r#"{{"integration:slack":{{"credential:*":true,"credential:{ID}":false}}}}"#);
    let target = Target {
        credential: Some(Account::with_id(ID)),
        ..SLACK
    };
    let decision = decide(&Claim::parse(&claim).unwrap(), &target, Permission::Events);
    assert_eq!(
        (decision.allowed, decision.reason),
        (false, Reason::DeniedExplicitly)
    );
}

#[test]
fn row_34_a_conflict_of_equals_denies() {
    let claim = format!(r#"{{"credential:{ID}":true,"credential:ext:acme":false}}"#);
    let account = Account {
        id: Some(ID),
        external_id: Some("acme"),
    };
    let decision = decide(
        &Claim::parse(&claim).unwrap(),
        &Target {
            credential: Some(account),
            ..SLACK
        },
        Permission::Events,
    );
    assert_eq!(
        (decision.allowed, decision.reason),
        (false, Reason::Conflict)
    );
    assert_eq!(decision.deciding.as_slice().len(), 2);
}

#[test]
fn row_34_5000_grants_are_accepted_and_one_more_is_not() {
    let members = |count: usize| {
        (0..count)
            .map(|n| format!("\"credential:ext:{n}\":true"))
            .collect::<Vec<_>>()
            .join(",")
    };
    let most = Claim::parse(&format!("{{{}}}", members(MAX_GRANTS))).unwrap();
    assert_eq!(most.grants_count(), 5_000);
    let fault = refused(&format!("{{{}}}", members(MAX_GRANTS + 1)));
    assert_eq!(
        (fault.pointer.as_str(), fault.kind),
        ("/credential:ext:5000", FaultKind::TooManyGrants)
    );
    // Enclosing objects are no paths of their own, empty ones are.
    let nested = format!("{{\"integration:slack\":{{{}}}}}", members(MAX_GRANTS));
    assert_eq!(Claim::parse(&nested).unwrap().grants_count(), 5_000);
    assert_eq!(
        refused(&format!("{{\"integration:github\":{{}},{}", &nested[1..])).kind,
        FaultKind::TooManyGrants
    );
}

#[test]
fn row_34_deep_nesting_stops_at_the_fourth_level() {
    let claim = "{\"integration:*\":".repeat(100_000);
    assert_eq!(refused(&claim).kind, FaultKind::LevelTwice);
    let claim = format!("{{\"integration:*\":{}", "[".repeat(100_000));
    assert!(matches!(refused(&claim).kind, FaultKind::Item { .. }));
    assert!(matches!(
        refused(&"[".repeat(100_000)).kind,
        FaultKind::NotAnObject { .. }
    ));
}

#[test]
fn row_34_a_member_name_of_a_mebibyte_is_refused_briefly() {
    let scope = format!("credential:ext:{}", "x".repeat(1 << 20));
    let fault = refused(&format!("{{\"{scope}\":true}}"));
    assert_eq!(fault.kind, FaultKind::Scope(ScopeFault::ExternalId));
    assert_eq!(fault.pointer, format!("/{scope}"));
    assert!(
        fault.to_string().len() < 1_000,
        "{} bytes",
        fault.to_string().len()
    );
}

#[test]
fn a_claim_does_not_print_its_content() {
    let claim = Claim::parse(r#"{"integration:slack":["events"]}"#).unwrap();
    assert_eq!(
        format!("{claim:?} {:?}", Claim::absent()),
        "Claim(1 grants) Claim(absent)"
    );
}
