//! The dedicated channel and what is shared from it: what people see, and that it always fits.

use insta::assert_json_snapshot;
use proptest::prelude::*;

use super::{
    limits::{check_markup, check_message, nasty, worst},
    *,
};
use crate::{
    domain::{
        eta::Eta,
        ids::{MessageTs, OutageNumber, ShareId},
    },
    slack::{
        mrkdwn::width,
        views::{channel, direct, shared},
    },
    store::shares::Share,
};

fn share() -> Share {
    Share {
        id: ShareId(5),
        workspace_id: WorkspaceId::from("T1"),
        outage_id: OutageId(7),
        channel_id: ChannelId::from("C1"),
        message_ts: MessageTs::from("1772366400.000200"),
        author_user: "U0BO".into(),
        author_name: "Bo".into(),
        author_picture: Some("https://example.com/U0BO.png".into()),
        text: "<!here> <@U0ANA> the provider says:\n&gt; all <https://example.slack.com/x|green> &amp; well"
            .into(),
        permalink: Some(LINK.into()),
        shared_by: ANA,
        offered_to: None,
        round: 1,
        posted_ts: None,
        posted_channel: None,
        edited: false,
        deleted: false,
        withdrawn_at: None,
    }
}

#[test]
fn the_first_message_of_a_channel() {
    let message = channel::welcome(&open(), &people(), Some(LINK), "point_up");
    assert_json_snapshot!(message.to_json());
    let mut nobody = open();
    nobody.facts.roles.solution = None;
    let shown = channel::welcome(&nobody, &people(), None, "point_up");
    let shown = shown.to_json().to_string();
    assert!(shown.contains("*Solution:* nobody"), "{shown}");
}

#[test]
fn topics_say_how_it_stands() {
    let zone = "Europe/Prague".parse().unwrap();
    let topic = |outage: &Outage| channel::topic(outage, &people(), zone);
    let mut unknown = open();
    unknown.eta = Eta {
        label: ">24h".into(),
        due: None,
        set_at: at(5),
    };
    let mut never = unknown.clone();
    never.eta.label.clear();
    let topics = [open(), unknown, never, resolved(), withdrawn()];
    let mut merged = withdrawn();
    if let Phase::Withdrawn { duplicate_of, .. } = &mut merged.phase {
        *duplicate_of = Some(OutageNumber(7));
    }
    let said = topic(&merged);
    assert!(
        said.contains("merged into outage 7") && !said.contains("alarm"),
        "{said}"
    );
    assert_json_snapshot!(topics.iter().map(topic).collect::<Vec<_>>());
    for topic in topics.iter().map(topic) {
        for word in ["today", "tomorrow", "<!date", "<@"] {
            assert!(!topic.contains(word), "{topic}");
        }
    }
}

#[test]
fn shared_messages() {
    let line = |share: &Share| shared::line(share, &people());
    let edited = Share {
        edited: true,
        permalink: None,
        ..share()
    };
    let deleted = Share {
        deleted: true,
        edited: true,
        ..share()
    };
    let silent = Share {
        text: " \n".into(),
        author_name: String::new(),
        ..share()
    };
    assert!(!line(&deleted).contains("provider"));
    assert_json_snapshot!(serde_json::json!({
        "shared": line(&share()),
        "edited, nobody knows where": line(&edited),
        "deleted": line(&deleted),
        "without a word": line(&silent),
        "asked": shared::offer(OutageNumber(12), ShareId(5), "point_up").to_json(),
        "taken out": shared::withdrawn(OutageNumber(12)).to_json(),
    }));
}

#[test]
fn channels_that_asked_are_told() {
    let told = direct::affected("Sales affected", &open(), Some(LINK));
    let warned = channel::archiving(&resolved(), at(5000));
    assert_json_snapshot!([told.to_json(), warned.to_json()]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn everything_about_a_channel_fits((outage, people) in worst(), text in nasty(300)) {
        let zone = "Europe/Prague".parse().unwrap();
        let topic = channel::topic(&outage, &people, zone);
        prop_assert!(!topic.is_empty() && width(&topic) <= 250);
        check_markup(&topic);
        check_message(&channel::welcome(&outage, &people, Some(LINK), &text));
        check_message(&channel::archiving(&outage, at(5000)));
        check_message(&direct::affected(&text, &outage, Some(LINK)));
        check_message(&shared::offer(outage.number, ShareId(i64::MAX), &text));
        check_message(&shared::withdrawn(outage.number));
    }

    #[test]
    fn every_shared_message_fits(
        text in nasty(3000), name in nasty(200), link in any::<bool>(),
        edited in any::<bool>(), deleted in any::<bool>(),
    ) {
        let (people, permalink) = (people(), link.then(|| LINK.to_owned()));
        let share = Share { text, author_name: name, permalink, edited, deleted, ..share() };
        let line = shared::line(&share, &people);
        prop_assert!(width(&line) <= 4000);
        check_markup(&line);
        prop_assert!(width(&shared::author(&share)) <= 80);
    }
}
