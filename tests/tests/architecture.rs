//! Holds the shape of the code: which crate may use which, which room of a service may use which, where SQL may stand.
//! Each test reads the sources, so a change that bends an arrow fails here, with the line that does it.
#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it needs, and fails where it is not so")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const SERVICES: [&str; 4] = ["referral", "reward", "tier", "audit"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_path_buf()
}

/// Every Rust source under a folder, with its path relative to the workspace.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("inside").display().to_string();
                found.push((name, fs::read_to_string(&path).expect("readable")));
            }
        }
    }
    assert!(!found.is_empty(), "no sources under {folder}");
    found
}

/// Lines of code without comments, with their numbers; unit tests at the end of a file are left out.
fn code(source: &str) -> impl Iterator<Item = (usize, &str)> {
    source
        .lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number + 1, line))
}

/// Collects `path:line: text` wherever `wrong` says so.
fn offences(files: &[(String, String)], wrong: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (path, source) in files {
        for (number, line) in code(source) {
            if wrong(path, line) {
                found.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    found
}

fn assert_none(what: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{what}:\n{}", offences.join("\n"));
}

/// The dependencies of each member, by folder: ours, and the others.
fn manifests() -> BTreeMap<String, toml::Table> {
    let mut found = BTreeMap::new();
    for parent in ["shared", "services"] {
        for entry in fs::read_dir(root().join(parent)).expect("a folder") {
            let folder = entry.expect("an entry").path();
            let manifest = folder.join("Cargo.toml");
            if manifest.exists() {
                let name = format!("{parent}/{}", folder.file_name().expect("a name").display());
                let text = fs::read_to_string(manifest).expect("readable");
                found.insert(name, text.parse().expect("a manifest"));
            }
        }
    }
    found
}

fn dependencies(manifest: &toml::Table) -> Vec<String> {
    manifest
        .get("dependencies")
        .and_then(toml::Value::as_table)
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

#[test]
fn crates_use_only_what_lies_below_them() {
    // What each shared crate may use of ours. Services may use every shared crate but the test kit, and never each other.
    let below: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("shared/money", &[][..]),
        ("shared/iso20022", &["handsel-money"][..]),
        ("shared/tlog", &[][..]),
        ("shared/storage", &["handsel-money"][..]),
        ("shared/access", &["handsel-proto"][..]),
        ("shared/service", &["handsel-proto", "handsel-money", "handsel-storage", "handsel-access"][..]),
        ("shared/outbox", &["handsel-proto", "handsel-money", "handsel-storage", "handsel-service"][..]),
    ]);
    let mut wrong = Vec::new();
    for (folder, manifest) in manifests() {
        let ours: Vec<String> =
            dependencies(&manifest).into_iter().filter(|name| name.starts_with("handsel-")).collect();
        for used in ours {
            let service = SERVICES.iter().any(|service| used == format!("handsel-{service}"));
            let allowed = match folder.as_str() {
                "shared/testkit" => !service,
                "services/handsel" => used != "handsel-testkit",
                known if below.contains_key(known) => below[known].contains(&used.as_str()),
                _ => !service && used != "handsel-testkit",
            };
            if !allowed {
                wrong.push(format!("{folder} uses {used}"));
            }
        }
    }
    assert_none("arrows between crates", &wrong);
}

#[test]
fn money_knows_no_runtime_and_no_database() {
    let manifests = manifests();
    for banned in ["tokio", "sqlx", "tonic", "prost", "tracing"] {
        assert!(!dependencies(&manifests["shared/money"]).contains(&banned.to_owned()), "money uses {banned}");
    }
}

#[test]
fn every_version_stands_once_in_the_workspace() {
    let mut wrong = Vec::new();
    for (folder, manifest) in manifests() {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, value) in manifest.get(section).and_then(toml::Value::as_table).into_iter().flatten() {
                if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                    wrong.push(format!("{folder}: {name}"));
                }
            }
        }
    }
    assert_none("versions outside the workspace's list", &wrong);
}

#[test]
fn every_service_has_the_same_rooms() {
    for service in SERVICES {
        let folder = root().join("services").join(service);
        for room in ["domain", "commands", "queries", "store", "grpc", "jobs"] {
            let here = folder.join("src").join(room);
            assert!(here.is_dir() || here.with_extension("rs").exists(), "services/{service} has no room {room}");
        }
        for engine in ["postgres", "sqlite"] {
            let migrations = folder.join("migrations").join(engine);
            assert!(migrations.is_dir(), "services/{service} has no migrations for {engine}");
        }
    }
}

/// The sources of one room in every service.
fn room(name: &str) -> Vec<(String, String)> {
    SERVICES
        .iter()
        .flat_map(|service| sources(&format!("services/{service}/src")))
        .filter(|(path, _)| path.contains(&format!("/src/{name}/")) || path.ends_with(&format!("/src/{name}.rs")))
        .collect()
}

#[test]
fn the_domain_decides_and_nothing_else() {
    let banned = [
        "handsel_storage",
        "handsel_service",
        "handsel_proto",
        "handsel_outbox",
        "handsel_access",
        "sqlx::",
        "tonic::",
        "tokio::",
        "crate::store",
        "crate::commands",
        "crate::queries",
        "crate::grpc",
        "crate::jobs",
        "async fn",
        ".await",
    ];
    let wrong = offences(&room("domain"), |_, line| banned.iter().any(|word| line.contains(word)));
    assert_none("in a domain room", &wrong);
}

#[test]
fn rooms_use_only_what_lies_below_them() {
    let banned: [(&str, &[&str]); 5] = [
        ("store", &["crate::commands", "crate::queries", "crate::grpc", "crate::jobs", "tonic::"]),
        ("commands", &["crate::grpc", "crate::jobs", "crate::queries", "tonic::"]),
        ("queries", &["crate::grpc", "crate::jobs", "crate::commands", "tonic::", ".exec(", ".bulk("]),
        ("grpc", &["crate::store", "crate::jobs", ".exec(", ".bulk("]),
        ("jobs", &["crate::grpc", ".exec(", ".bulk("]),
    ];
    let mut wrong = Vec::new();
    for (name, words) in banned {
        wrong.extend(offences(&room(name), |_, line| words.iter().any(|word| line.contains(word))));
    }
    assert_none("arrows between rooms", &wrong);
}

#[test]
fn sql_stands_in_store_rooms() {
    let mut files = sources("services");
    files.extend(sources("shared"));
    let statement = |line: &str| {
        let text = line.trim_start().trim_start_matches(['"', 'r', '#']);
        ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE", "ALTER TABLE"]
            .iter()
            .any(|word| line.contains(&format!("\"{word}")) || (text.starts_with(word) && !line.contains("=>")))
    };
    let wrong = offences(&files, |path, line| {
        let store = path.contains("/store/") || path.ends_with("store.rs") || path.contains("/migrations/");
        let test = path.contains("/tests/") || path.contains("/testkit/");
        !store && !test && !path.starts_with("shared/storage/") && statement(line)
    });
    assert_none("SQL outside a store room", &wrong);
}

/// Table → columns, by name, as a migration's CREATE TABLE statements have them: one column a line.
fn tables(sql: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut open: Option<String> = None;
    for line in sql.lines().map(|line| line.split("--").next().unwrap_or_default().trim()) {
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            let name = rest.split([' ', '(']).next().unwrap_or_default().to_owned();
            found.insert(name.clone(), Vec::new());
            open = Some(name);
        } else if line.starts_with(')') {
            open = None;
        } else if let Some(table) = &open {
            let word = line.split([' ', '(']).next().unwrap_or_default();
            // Columns are written small, what belongs to the table as a whole (PRIMARY KEY, CHECK, …) is written large.
            if word.starts_with(|letter: char| letter.is_ascii_lowercase()) {
                found.get_mut(table).expect("opened").push(word.to_owned());
            }
        }
    }
    for columns in found.values_mut() {
        columns.sort_unstable();
    }
    found
}

#[test]
fn both_engines_have_the_same_tables_and_columns() {
    let mut compared = 0;
    for owner in [
        "services/referral",
        "services/reward",
        "services/tier",
        "services/audit",
        "services/handsel",
        "shared/storage",
        "shared/outbox",
    ] {
        let folder = root().join(owner).join("migrations");
        for entry in fs::read_dir(folder.join("postgres")).expect("migrations") {
            let name = entry.expect("an entry").file_name();
            let read = |engine: &str| {
                tables(&fs::read_to_string(folder.join(engine).join(&name)).expect("the same file for both engines"))
            };
            let (postgres, sqlite) = (read("postgres"), read("sqlite"));
            assert_eq!(postgres, sqlite, "{owner}: {}", name.display());
            compared += postgres.len();
        }
    }
    assert!(compared > 20, "only {compared} tables were found");
}

#[test]
fn every_reason_is_listed_in_the_contract() {
    let listed = fs::read_to_string(root().join("proto/README.md")).expect("readable");
    let mut files = sources("services");
    files.extend(sources("shared"));
    let mut missing = Vec::new();
    let mut seen = 0;
    for (path, source) in files.iter().filter(|(path, _)| {
        ["refusal.rs", "refused.rs", "denial.rs", "status.rs"].iter().any(|name| path.ends_with(name))
    }) {
        for (number, line) in code(source) {
            for word in line.split('"').skip(1).step_by(2) {
                let reason = word.len() > 5
                    && word.contains('_')
                    && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
                if reason {
                    seen += 1;
                    if !listed.contains(&format!("`{word}`")) {
                        missing.push(format!("{path}:{number}: {word}"));
                    }
                }
            }
        }
    }
    assert!(seen > 30, "only {seen} reasons were found");
    assert_none("reasons that proto/README.md does not list", &missing);
}

#[test]
fn lints_are_never_simply_switched_off() {
    let mut files = sources("services");
    files.extend(sources("shared"));
    files.extend(sources("proto/src"));
    let wrong = offences(&files, |_, line| line.contains("#[allow(") || line.contains("#![allow("));
    assert_none("an allow where an expect with its reason belongs", &wrong);
}

#[test]
fn nothing_is_left_for_later() {
    let mut files = sources("services");
    files.extend(sources("shared"));
    files.extend(sources("proto/src"));
    let words = ["todo!", "unimplemented!", "Status::unimplemented", "TODO", "FIXME"];
    let wrong = offences(&files, |path, line| {
        // One place answers for methods that the contract does not have.
        !path.starts_with("shared/access/") && words.iter().any(|word| line.contains(word))
    });
    assert_none("left for later", &wrong);
}

#[test]
fn every_file_says_what_lives_in_it() {
    let mut files = sources("services");
    files.extend(sources("shared"));
    files.extend(sources("proto/src"));
    let silent: Vec<String> =
        files.iter().filter(|(_, source)| !source.starts_with("//!")).map(|(path, _)| path.clone()).collect();
    assert_none("files without a first line that says what lives there", &silent);
}

#[test]
fn every_folder_has_a_page() {
    let mut silent = Vec::new();
    for folder in ["proto", "shared", "services", "deploy", "tests", "tests/load", "tests/vectors", "tests/clients"] {
        if !root().join(folder).join("README.md").exists() {
            silent.push(folder.to_owned());
        }
    }
    for folder in manifests().keys() {
        if !root().join(folder).join("README.md").exists() {
            silent.push(folder.clone());
        }
    }
    assert_none("folders without README.md", &silent);
}

#[test]
fn the_top_level_holds_what_it_should() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "proto",
        "services",
        "shared",
        "deploy",
        "tests",
    ];
    let listing =
        std::process::Command::new("git").args(["ls-tree", "--name-only", "HEAD"]).current_dir(root()).output();
    let Ok(listing) = listing else { return };
    let wrong: Vec<String> = String::from_utf8_lossy(&listing.stdout)
        .lines()
        .filter(|name| !name.starts_with('.') && !allowed.contains(name))
        .map(str::to_owned)
        .collect();
    assert_none("at the top level", &wrong);
}
