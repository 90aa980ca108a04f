//! Files that were not read: which may be the order, and how the clerk is told.

use super::assemble::empty;
use super::codes::Code;
use super::collect::Item;
use super::find::{Context, field, signature, sure};
use super::labels::{Labels, Words};
use super::letter::{Content, is_reply};
use super::mention;
use crate::order::document::Kind;
use crate::order::draft::{Confidence, Draft, DraftOrder, Evidence, Unread};
/// An unread file that may be the order: not a logo, not a design, not empty.
pub(super) fn could_be_order(item: &Item, labels: &Labels) -> bool {
    let Some((code, _)) = &item.unread else { return false };
    let name = item.source.to_lowercase();
    let named = labels.has(Words::OrderWord, name.rsplit('/').next().unwrap_or(&name));
    let picture = *code == Code::PictureNotRead;
    let noise = labels.words(Words::AttachmentNoise).iter().any(|w| name.contains(w.as_str()));
    let ignorable = *code == Code::Empty
        || (item.inline && picture)
        || (picture && item.size < 4000 && item.size > 0 && !named)
        || *code == Code::FormatNotRead && item.source.ends_with(".sh");
    named || !(noise && !(picture && name.contains("img_")) || ignorable)
}
/// Files that were not read: drafts of their own where no order was found, else notes on the order.
pub(super) fn attach_unread(
    out: &mut Vec<Draft>,
    content: &Content<'_>,
    kind: Kind,
    confidence: Confidence,
    labels: &Labels,
) {
    let wanted = matches!(kind, Kind::Order | Kind::Amendment);
    let ordered = out.iter().any(|d| d.order.is_some());
    let mine: Vec<&&Item> = content.unread.iter().filter(|i| i.source != content.letter.source).collect();
    let chosen: Vec<&&&Item> = mine.iter().filter(|i| could_be_order(i, labels)).collect();
    let limits: Vec<Unread> =
        content.unread.iter().filter(|i| i.source == content.letter.source).filter_map(|i| note(i)).collect();
    if ordered {
        if let Some(first) = out.first_mut() {
            first.unread.extend(chosen.iter().filter_map(|i| sibling(i)));
        }
    } else if wanted && !mine.is_empty() {
        let base = out.first().cloned();
        let prefilled = prefilled(content, labels);
        let list: Vec<&&Item> = if chosen.is_empty() {
            mine.iter().copied().filter(|i| !i.inline).collect()
        } else {
            chosen.into_iter().copied().collect()
        };
        let drafts: Vec<Draft> = list
            .iter()
            .filter_map(|i| {
                Some(Draft {
                    source: i.source.clone(),
                    order: Some(prefilled.clone()),
                    unread: vec![note(i)?],
                    ..base.clone().unwrap_or_else(|| empty("body", kind, confidence, Vec::new()))
                })
            })
            .collect();
        if !drafts.is_empty() {
            *out = drafts;
        }
    }
    if out.is_empty() {
        out.push(empty(&content.letter.source, kind, confidence, Vec::new()));
    }
    if let Some(first) = out.first_mut() {
        first.unread.extend(limits);
        if wanted && first.order.is_none() && first.unread.iter().all(|u| u.code.starts_with("doubt.")) {
            let source = first.source.clone();
            first.unread.push(Code::NoOrderFound.at(&source, ""));
        }
        if wanted && first.order.is_none() {
            first.order = Some(prefilled(content, labels)).filter(|o| o.po_number.is_some());
        }
    }
}
/// What the mail alone tells about an order that stands in a file which was not read.
fn prefilled(content: &Content<'_>, labels: &Labels) -> DraftOrder {
    let context = Context { labels, printed: false, style: Default::default(), dates: content.dates };
    let mut order = DraftOrder::default();
    let subject = content.letter.envelope.subject.as_deref().unwrap_or("");
    let number = mention::order_number(subject, labels)
        .filter(|_| !is_reply(content.letter))
        .or_else(|| mention::order_number(&content.words, labels));
    order.po_number =
        number.map(|v| field(v, Evidence::Header { name: "Subject".to_owned() }, sure::GUESSED));
    signature::complete(&mut order.customer, &content.lines, &content.envelope, &context);
    order
}
fn note(item: &Item) -> Option<Unread> {
    item.unread.as_ref().map(|(code, detail)| code.at(&item.source, detail.clone()))
}
/// Beside an order that was read: a format that is never read here is a doubt, damage or a limit is said as it is.
fn sibling(item: &Item) -> Option<Unread> {
    let (code, detail) = item.unread.as_ref()?;
    let plain_format = matches!(
        code,
        Code::PdfNotRead | Code::PictureNotRead | Code::WordNotRead | Code::FormatNotRead | Code::OfdNotRead
    );
    Some(if plain_format {
        Code::UnreadSibling.at(&item.source, code.as_str())
    } else {
        code.at(&item.source, detail.clone())
    })
}
