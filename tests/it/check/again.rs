//! The same order again: the samples that repeat, change or cancel an earlier one, with that one given.

use super::sample::{Sample, World, ids};
use gendan::check::{Around, Case, Facts, SamePo, check_all, resolve};
use gendan::order::document::Kind;
use gendan::order::status::{Rung, Status};

#[test]
fn what_repeats_changes_or_cancels_says_so() {
    let world = World::load();
    for (first, second) in [("m01", "m21"), ("m07", "m22"), ("m03", "m23"), ("m10", "m24"), ("m05", "f08")] {
        let (first, second) = (Sample::load(first), Sample::load(second));
        let around = Around { envelope: &first.envelope, channel: first.channel, on: first.on };
        let earlier = resolve(&first.drafts[0], &around, &ids(), &world.master);
        let same = SamePo {
            name: &first.name,
            kind: Kind::Order,
            status: Status::On(Rung::Released),
            content: &earlier.content,
            ship_to: earlier.ship_to.as_ref(),
            loose: false,
        };
        let around = Around { envelope: &second.envelope, channel: second.channel, on: second.on };
        let draft = &second.drafts[0];
        let resolved = resolve(draft, &around, &ids(), &world.master);
        let facts = Facts { same: &[same], ..world.facts() };
        let case =
            Case { content: &resolved.content, draft, around: &around, resolved: &resolved, facts: &facts };
        let problems = check_all(&case);
        let words = problems.iter().filter_map(|problem| {
            let word = format!("{}:{}", problem.code.as_str(), problem.expected.as_deref()?);
            ["duplicate_of:", "conflicts_with:", "amends:", "cancels:"]
                .iter()
                .any(|w| word.starts_with(w))
                .then_some(word)
        });
        let expected = second.truth["expect"]["problems"].as_array().unwrap();
        assert_eq!(words.collect::<Vec<_>>(), [expected[0].as_str().unwrap()], "{}", second.name);
        assert_eq!(resolved.content.customer, earlier.content.customer);
        assert_eq!(resolved.content.po_number, earlier.content.po_number, "{}", second.name);
    }
}
