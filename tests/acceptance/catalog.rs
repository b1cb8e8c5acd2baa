//! The catalogue from a terminal: provision, diff, purge, export.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use balefire::sandbox::Sandbox;
use tempfile::TempDir;

use crate::crash::{balefire, local_slack};

/// Somebody at a terminal, in a folder of their own.
struct Terminal {
    folder: TempDir,
    slack: Sandbox,
}

/// What a command said: exit code, standard output, standard error.
struct Said(i32, String, String);

impl Terminal {
    async fn start() -> Terminal {
        Terminal {
            folder: tempfile::tempdir().unwrap(),
            slack: local_slack().await,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn writes(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    async fn runs(&self, words: &str) -> Said {
        let mut command = balefire(self.folder.path(), &self.slack.api_url());
        command.arg("catalog").args(words.split_whitespace());
        command.stderr(Stdio::piped());
        let done = command.output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said(
            done.status.code().unwrap(),
            text(done.stdout),
            text(done.stderr),
        )
    }

    /// What a command that goes well says.
    #[track_caller]
    fn good(&self, said: Said) -> String {
        assert_eq!((said.0, said.2.as_str()), (0, ""), "{}", said.1);
        said.1
    }
}

const TWO: &str = r#"
    [[component]]
    key = "payments"
    name = "Payments"
    aliases = ["pay"]
    owner = "Team Payments"
    parents = ["ledger"]

    [[component]]
    key = "ledger"
    name = "Ledger"
    links = [{ name = "Runbook", url = "https://wiki.example.com/ledger" }]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn diff_says_what_provision_does_and_export_gives_it_back() {
    let ana = Terminal::start().await;
    ana.writes("two.toml", TWO);
    // Before there is a database there is nothing to compare with, and none is made.
    let said = ana.runs("diff two.toml").await;
    assert_eq!(said.0, 2, "{}", said.2);
    assert!(said.2.contains("there is no database"), "{}", said.2);
    assert!(!ana.path("balefire.db").exists());

    let said = ana.good(ana.runs("provision two.toml").await);
    assert_eq!(said, "2 new, 0 changed, 0 unchanged, 0 retired\n");
    let said = ana.good(ana.runs("diff two.toml").await);
    assert_eq!(
        said,
        "0 would be new, 0 would be changed, 2 unchanged, 0 would be retired\n"
    );

    let exported = ana.good(ana.runs("export").await);
    ana.writes("exported.toml", &exported);
    ana.good(ana.runs("diff exported.toml --prune").await);
    let said = ana.good(ana.runs("export --output again.toml").await);
    assert_eq!(said, "again.toml: 2 components\n");
    let again = std::fs::read_to_string(ana.path("again.toml")).unwrap();
    assert_eq!(again, exported);

    let changed = TWO
        .replace("Team Payments", "Team Money")
        .replace("ledger", "books");
    ana.writes("changed.toml", &changed);
    let said = ana.runs("diff changed.toml").await;
    assert_eq!(said.0, 2, "{}", said.1);
    assert_eq!(
        said.2,
        "changed.toml, line 11: name = \"Ledger\". In the database the component ledger has this \
         name. Keys never change: give the entry that key, or another name; --prune retires what the \
         file does not name.\n"
    );
    let said = ana.runs("diff changed.toml --prune").await;
    assert_eq!((said.0, said.2.as_str()), (1, ""), "{}", said.1);
    assert_eq!(
        said.1,
        "~ payments (Payments)\n    owner: Team Payments → Team Money\n    parents: ledger → books\n\
         + books (Ledger)\n    links: Runbook https://wiki.example.com/books\n\
         - ledger (Ledger), retired\n\
         1 would be new, 1 would be changed, 0 unchanged, 1 would be retired\n"
    );
    // It was only said.
    assert_eq!(ana.good(ana.runs("export").await), exported);
    let said = ana.good(ana.runs("provision changed.toml --retire-others").await);
    assert_eq!(said, "1 new, 1 changed, 0 unchanged, 1 retired\n");
    let said = ana.good(ana.runs("diff changed.toml --retire_others").await);
    assert!(said.contains("2 unchanged"), "{said}");

    let live = ana.good(ana.runs("export").await);
    assert!(!live.contains("ledger"), "{live}");
    let whole = ana.good(ana.runs("export --retired").await);
    assert!(
        whole.contains("key = \"ledger\"") && whole.contains("retired = true"),
        "{whole}"
    );
    ana.writes("whole.toml", &whole);
    ana.good(ana.runs("diff whole.toml --prune").await);
    ana.slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_file_does_not_name_is_retired_only_when_asked() {
    let ana = Terminal::start().await;
    ana.writes("two.toml", TWO);
    ana.good(ana.runs("provision two.toml").await);
    ana.writes(
        "one.toml",
        "[[component]]\nkey = \"ledger\"\nname = \"Ledger\"\n",
    );
    let said = ana.good(ana.runs("provision one.toml").await);
    assert_eq!(
        said,
        "0 new, 1 changed, 0 unchanged, 0 retired\n1 component in use that the file does not name, or \
         says is retired: --prune retires what it does not want\n"
    );
    ana.writes("none.toml", "");
    let said = ana.runs("provision none.toml --prune").await;
    assert_eq!(said.0, 2);
    assert!(said.2.contains("would retire them all"), "{}", said.2);
    let said = ana.good(ana.runs("provision one.toml --prune").await);
    assert_eq!(said, "0 new, 0 changed, 1 unchanged, 1 retired\n");

    let said = ana.runs("provision nowhere.toml").await;
    assert_eq!(said.0, 2);
    assert!(
        said.2.contains("nowhere.toml: The file cannot be read"),
        "{}",
        said.2
    );
    let said = ana.runs("diff two.toml").await;
    assert_eq!((said.0, said.2.as_str()), (1, ""), "{}", said.1);
    assert!(said.1.contains("retired: yes → (none)"), "{}", said.1);
    ana.slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn purging_says_for_each_what_becomes_of_it_and_asks() {
    let ana = Terminal::start().await;
    ana.writes("two.toml", TWO);
    ana.good(ana.runs("provision two.toml").await);
    let said = ana.runs("purge payments ledger").await;
    assert_eq!(
        (said.0, said.1.as_str()),
        (2, "payments: would be deleted\nledger: would be deleted\n")
    );
    assert!(said.2.contains("add --yes"), "{}", said.2);
    let said = ana.runs("purge ledger --yes").await;
    assert_eq!(
        (said.0, said.1.as_str()),
        (1, "ledger: stays in use: it is a parent of payments\n")
    );
    let said = ana.runs("purge legder --yes").await;
    assert_eq!(said.0, 2);
    assert!(
        said.2.contains("no component with the key legder"),
        "{}",
        said.2
    );
    let said = ana.good(ana.runs("purge payments ledger ledger --yes").await);
    assert_eq!(said, "payments: deleted\nledger: deleted\n");
    let exported = ana.good(ana.runs("export --retired").await);
    assert!(!exported.contains("[[component]]"), "{exported}");
    assert_eq!(ana.runs("purge").await.0, 2);
    ana.slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_of_a_status_dashboard_is_read_as_it_is() {
    let ana = Terminal::start().await;
    let queue = |region: &str| {
        format!(
            "  - name: Queue\n    attributes:\n      region: {region}\n      category: Messages\n"
        )
    };
    let one = format!("components:\n{}", queue("north"));
    ana.writes("catalog.yaml", &one);
    ana.good(ana.runs("provision catalog.yaml").await);
    ana.writes("catalog.yaml", &(one.clone() + &queue("south")));
    let said = ana.runs("diff catalog.yaml").await;
    assert_eq!(
        said.1,
        "~ queue-north (Queue)\n    name: Queue → Queue (north)\n\
         + queue-south (Queue (south))\n    group: Messages\n    region: south\n\
         1 would be new, 1 would be changed, 0 unchanged, 0 would be retired\n"
    );
    ana.good(ana.runs("provision catalog.yaml").await);
    let said = ana.good(ana.runs("provision catalog.yaml --prune").await);
    assert_eq!(said, "0 new, 0 changed, 2 unchanged, 0 retired\n");
    ana.writes("catalog.yaml", &one.replace("name", "title"));
    let said = ana.runs("provision catalog.yaml").await;
    assert_eq!(said.0, 2);
    assert!(
        said.2
            .starts_with("catalog.yaml, line 2: This is no catalogue"),
        "{}",
        said.2
    );
    ana.slack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_catalogue_can_be_provisioned() {
    let ana = Terminal::start().await;
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/catalog.toml");
    ana.writes("shipped.toml", &std::fs::read_to_string(shipped).unwrap());
    let said = ana.good(ana.runs("provision shipped.toml").await);
    assert!(said.starts_with("8 new, "), "{said}");
    ana.good(ana.runs("diff shipped.toml").await);
    ana.slack.stop().await;
}
