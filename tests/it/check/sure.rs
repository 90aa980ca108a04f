//! Sure orders among the samples, and that no misread figure leaves an order sure.

use super::sample::{Sample, World, field, ids};
use gendan::check::{Around, Case, Surety, check_all, resolve, sure};
use gendan::order::draft::{Draft, DraftLine, Found};
use rust_decimal::Decimal;

fn surety(world: &World, sample: &Sample, draft: &Draft) -> Surety {
    let around = Around { envelope: &sample.envelope, channel: sample.channel, on: sample.on };
    let resolved = resolve(draft, &around, &ids(), &world.master);
    let facts = world.facts();
    let case =
        Case { content: &resolved.content, draft, around: &around, resolved: &resolved, facts: &facts };
    sure(&case, &check_all(&case))
}

/// The samples that come to a sure order, part by part.
fn sure_samples(world: &World) -> Vec<(Sample, usize)> {
    let parts = Sample::all().into_iter().flat_map(|sample| {
        (0..sample.drafts.len()).map(move |at| (Sample::load(&sample.name), at)).collect::<Vec<_>>()
    });
    parts.filter(|(sample, at)| surety(world, sample, &sample.drafts[*at]).sure).collect()
}

/// Those with few lines, to be spoiled one field at a time.
fn short_sure_samples(world: &World) -> Vec<(Sample, usize)> {
    let mut all = sure_samples(world);
    all.retain(|(sample, at)| sample.drafts[*at].order.as_ref().unwrap().lines.len() <= 6);
    all
}

#[test]
fn which_samples_are_sure() {
    let found: Vec<String> =
        sure_samples(&World::load()).iter().map(|(sample, at)| format!("{}/{at}", sample.name)).collect();
    let expected = "f01/0 f02/0 f03/0 f04/0 f05/0 f10/0 m01/0 m03/0 m04/0 m05/0 m06/0 m06/1 m07/0 m09/0 m10/0 m11/0 \
                    m13/0 m14/0 m16/0 m17/0 m19/0 m23/0 m24/0";
    assert_eq!(found.join(" "), expected);
}

/// The figures of a line.
const FIGURES: [fn(&mut DraftLine) -> &mut Found<Decimal>; 3] =
    [|line| &mut line.quantity, |line| &mut line.unit_price, |line| &mut line.amount];

#[test]
fn no_misread_figure_leaves_a_sure_order_sure() {
    let world = World::load();
    for (mut sample, part) in short_sure_samples(&world) {
        let draft = sample.drafts.remove(part);
        let order = draft.order.clone().unwrap();
        for at in 0..order.lines.len().min(2) {
            for (which, figure) in FIGURES.iter().enumerate() {
                let Some(value) = figure(&mut order.lines[at].clone()).as_ref().map(|field| field.value)
                else {
                    continue;
                };
                for wrong in misread(value) {
                    let mut changed = draft.clone();
                    *figure(&mut changed.order.as_mut().unwrap().lines[at]) = Some(field(wrong));
                    let found = surety(&world, &sample, &changed);
                    assert!(
                        !found.sure,
                        "{} line {at} figure {which}: {value} read as {wrong}: {found:?}",
                        sample.name
                    );
                }
            }
        }
    }
}

#[test]
fn no_misread_text_leaves_a_sure_order_with_another_product() {
    let world = World::load();
    let texts: [fn(&mut DraftLine) -> &mut Found<String>; 4] = [
        |line| &mut line.customer_part,
        |line| &mut line.description,
        |line| &mut line.spec,
        |line| &mut line.color,
    ];
    for (mut sample, part) in short_sure_samples(&world) {
        let draft = sample.drafts.remove(part);
        let order = draft.order.clone().unwrap();
        let right = skus(&world, &sample, &draft);
        for at in 0..order.lines.len().min(2) {
            for (text, value) in
                texts.iter().filter_map(|t| Some((t, t(&mut order.lines[at].clone()).clone()?.value)))
            {
                for wrong in misread_text(&value) {
                    let mut changed = draft.clone();
                    *text(&mut changed.order.as_mut().unwrap().lines[at]) = Some(field(wrong.clone()));
                    let same = skus(&world, &sample, &changed) == right;
                    assert!(
                        same || !surety(&world, &sample, &changed).sure,
                        "{} line {at}: {value} read as {wrong}",
                        sample.name
                    );
                }
            }
        }
    }
}

fn skus(world: &World, sample: &Sample, draft: &Draft) -> Vec<Option<String>> {
    let around = Around { envelope: &sample.envelope, channel: sample.channel, on: sample.on };
    let lines = resolve(draft, &around, &ids(), &world.master).lines;
    lines.into_iter().map(|line| line.sku).collect()
}

/// Texts with one other digit or one character less.
fn misread_text(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, c) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        wrong.push(format!("{before}{after}"));
        if c.is_ascii_digit() {
            wrong.extend(
                ('0'..='9').filter(|other| *other != c).map(|other| format!("{before}{other}{after}")),
            );
        }
    }
    wrong
}

/// Numbers with one other digit, one digit less or a zero more.
fn misread(value: Decimal) -> Vec<Decimal> {
    let text = value.to_string();
    let mut wrong = Vec::new();
    for (at, digit) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        for other in ['0', '3', '8'].into_iter().filter(|other| *other != digit) {
            wrong.push(format!("{}{other}{}", &text[..at], &text[at + 1..]));
        }
        wrong.push(format!("{}{}", &text[..at], &text[at + 1..]));
        wrong.push(format!("{}0{}", &text[..at], &text[at..]));
    }
    wrong.iter().filter_map(|text| text.parse().ok()).filter(|other| *other != value).collect()
}
