//! Letters and files to drafts: which of them hold the order, what the mail around it adds, what a person must see.

use super::codes::Code;
use super::collect::{Collected, Item, Letter, collect};
use super::find::{Context, Doubt, Found, Ground, field, gather, signature, sure};
use super::kind::{self, Facts};
use super::labels::{Labels, Topic, Words};
use super::limits::Limits;
use super::mail::{self, address};
use super::mention;
use super::page::{Block, Page, TextLine};
use super::value::date::{self, DayOrder};
use super::value::text::plain;
use super::{Reading, Source};
use crate::order::document::{Channel, Envelope, Kind};
use crate::order::draft::{Confidence, Draft, DraftOrder, Evidence, Unread};

/// An order with the place where it was found.
struct Candidate {
    source: String,
    found: Found,
}

/// What one letter holds.
struct Content<'a> {
    letter: &'a Letter,
    envelope: Envelope,
    /// Loose text of the new part of the body.
    words: String,
    lines: Vec<TextLine>,
    body: Vec<Found>,
    files: Vec<Candidate>,
    unread: Vec<&'a Item>,
    dates: date::Context,
}

/// Reads a document.
#[must_use]
pub fn reading(source: &Source<'_>, labels: &Labels, limits: &Limits) -> Reading {
    if source.bytes.len() > limits.message_bytes {
        return refused(source, Code::TooBig, format!("{} MB", source.bytes.len() >> 20));
    }
    let message = matches!(
        super::format::sniff(source.bytes, source.name, "message/rfc822"),
        super::format::Format::Message
    ) && mail::is_message(source.bytes);
    let collected = collect(source.bytes, source.name, message, limits, labels);
    let mut all: Vec<(usize, Vec<Draft>)> = Vec::new();
    let mut envelopes = Vec::new();
    for at in 0..collected.letters.len() {
        let content = content(at, &collected, labels);
        envelopes.push(content.envelope.clone());
        all.push((at, drafts(content, labels, source.channel)));
    }
    let (envelope, mut drafts) = choose(&collected, envelopes, all);
    drafts.truncate(limits.drafts.max(1));
    Reading { envelope, drafts }
}

fn refused(source: &Source<'_>, code: Code, detail: String) -> Reading {
    let head = &source.bytes[..source.bytes.len().min(64 * 1024)];
    let envelope = address::envelope(&mail::header::Headers::parse(head).0);
    let draft = empty("body", Kind::Order, Confidence::new(300), vec![code.at("body", detail)]);
    Reading { envelope, drafts: vec![draft] }
}

fn empty(source: &str, kind: Kind, confidence: Confidence, unread: Vec<Unread>) -> Draft {
    Draft {
        source: source.to_owned(),
        kind,
        kind_confidence: confidence,
        language: Default::default(),
        order: None,
        refers_to: None,
        unread,
    }
}

/// The drafts of the letters that matter: a forwarded message takes the place of the note around it.
fn choose(
    collected: &Collected,
    envelopes: Vec<Envelope>,
    mut all: Vec<(usize, Vec<Draft>)>,
) -> (Envelope, Vec<Draft>) {
    let has_lines = |d: &Draft| d.order.as_ref().is_some_and(|o| !o.lines.is_empty());
    let outer_orders = all.first().is_some_and(|(_, d)| d.iter().any(has_lines));
    let outer_report = all.first().is_some_and(|(_, d)| {
        d.iter().all(|d| d.kind == Kind::NotAnOrder && d.kind_confidence.thousandths() > 900)
    });
    let inner = |d: &Draft| d.kind != Kind::NotAnOrder || has_lines(d);
    let outer_unread = all.first().is_some_and(|(_, d)| d.iter().any(|d| d.order.is_some()));
    let nested: Vec<usize> =
        all.iter().skip(1).filter(|(_, d)| d.iter().any(inner)).map(|(at, _)| *at).collect();
    let pick = nested.first().copied().filter(|_| !outer_orders && !outer_report && !outer_unread);
    let envelope_at = pick.unwrap_or(0);
    let envelope = envelopes.into_iter().nth(envelope_at).unwrap_or_default();
    let notes: Vec<Unread> = match (pick, all.first()) {
        (Some(_), Some((_, outer))) => outer
            .iter()
            .flat_map(|d| d.unread.iter().filter(|u| u.code.starts_with("reading.too")).cloned())
            .collect(),
        _ => Vec::new(),
    };
    let wanted = |at: usize| {
        if pick.is_some() { nested.contains(&at) } else { at == 0 || (!outer_report && nested.contains(&at)) }
    };
    let mut drafts: Vec<Draft> = Vec::new();
    for (at, list) in all.drain(..).filter(|(at, _)| wanted(*at)) {
        // Beside an order of the outer mail only orders of inner mails are parts of their own.
        let keep = |d: &Draft| pick.is_some() || at == 0 || has_lines(d);
        drafts.extend(list.into_iter().filter(keep));
    }
    if let Some(first) = drafts.first_mut() {
        first.unread.extend(notes);
    }
    if drafts.is_empty() {
        drafts.push(empty(
            collected.letters.first().map_or("body", |l| l.source.as_str()),
            Kind::NotAnOrder,
            Confidence::new(300),
            Vec::new(),
        ));
    }
    (envelope, drafts)
}

/// Day of the message and the writer's habit with dates.
fn dates(envelope: &Envelope, letter: &Letter) -> date::Context {
    let offset = envelope.sent_offset_minutes.unwrap_or(0);
    let base = envelope
        .sent_at
        .and_then(|t| t.checked_add_signed(chrono::Duration::minutes(i64::from(offset))))
        .map(|t| t.date_naive());
    let text: String = letter.body.fresh.texts().take(400).collect::<Vec<_>>().join("\n");
    let holds = |words: &[&str]| words.iter().any(|w| text.contains(w));
    let american = holds(&["+1 ", "+1-", "+1(", "(USA)", " USA", "U.S.A", "United States"]);
    let british = holds(&["+44", " UK", "United Kingdom", "England", "Australia", "Ireland", "+61", "+353"]);
    let formed = holds(&[", Inc", " Inc.", " LLC"]);
    let order = match envelope.sent_offset_minutes {
        _ if british => DayOrder::DayFirst,
        _ if american => DayOrder::MonthFirst,
        Some(-480..=-240) => DayOrder::MonthFirst,
        None | Some(0 | 480) if formed => DayOrder::MonthFirst,
        Some(-180..=210 | 330 | 540..=780) => DayOrder::DayFirst,
        _ => DayOrder::Unknown,
    };
    date::Context { base, order }
}

fn domain(address: Option<&str>) -> Option<&str> {
    address?.rsplit_once('@').map(|(_, d)| d)
}

/// A colleague who passes a customer's mail on.
fn internal(letter: &Letter) -> bool {
    let to = letter.headers.text("to").and_then(|t| address::find(&t));
    let from = domain(letter.envelope.from_address.as_deref());
    from.is_some() && from == domain(to.as_deref())
}

fn is_forward(subject: &str, labels: &Labels) -> bool {
    let subject = plain(subject).to_lowercase();
    let head = subject.split([':', '：']).next().unwrap_or("").trim();
    subject.contains(':') && labels.words(Words::Forwarded).iter().any(|w| w == head)
}

fn is_reply(letter: &Letter) -> bool {
    let subject = plain(letter.envelope.subject.as_deref().unwrap_or("")).to_lowercase();
    let marks = ["re:", "回复:", "答复:", "回覆:", "aw:", "sv:", "antw:", "rif:", "re :", "res:"];
    marks.iter().any(|m| subject.starts_with(m)) || letter.envelope.in_reply_to.is_some()
}

/// Text lines of a page.
fn text_lines(page: &Page) -> Vec<TextLine> {
    let mut out = Vec::new();
    for block in &page.blocks {
        match block {
            Block::Text(lines) => out.extend(lines.iter().cloned()),
            Block::Grid(grid) if grid.rows.len() <= 6 => out.extend(grid.rows.iter().map(|r| TextLine {
                number: r.number,
                text: r.filled().map(|(_, t)| t.replace('\n', "  ")).collect::<Vec<_>>().join("  "),
            })),
            Block::Grid(_) => {}
        }
    }
    out
}

fn content<'a>(at: usize, collected: &'a Collected, labels: &Labels) -> Content<'a> {
    let letter = &collected.letters[at];
    let mut envelope = letter.envelope.clone();
    let base = dates(&envelope, letter);
    let read = |pages: &[Page]| gather::orders(pages, &gather::context(pages, labels, base));
    let mut body = read(std::slice::from_ref(&letter.body.fresh));
    let words: String = body.iter().map(|f| f.words.as_str()).collect();
    let mut lines = text_lines(&letter.body.fresh);
    let some_lines = |found: &[Found]| found.iter().any(|f| !f.order.lines.is_empty());
    let items: Vec<&Item> = collected.items.iter().filter(|i| i.letter == at).collect();
    let passed_on = is_forward(envelope.subject.as_deref().unwrap_or(""), labels) || internal(letter);
    let mut words = words;
    if passed_on && !some_lines(&body) && !letter.body.quoted.is_blank() {
        let quoted = read(std::slice::from_ref(&letter.body.quoted));
        if some_lines(&quoted) || internal(letter) {
            words.push_str(&quoted.iter().map(|f| f.words.as_str()).collect::<String>());
            lines = text_lines(&letter.body.quoted);
            body = quoted;
            if let Some(from) = &letter.body.quoted_from {
                let (name, mail) = address::parse(from.as_bytes());
                envelope.from_name = name.or_else(|| {
                    Some(
                        from.split(['<', '(', '['])
                            .next()
                            .unwrap_or("")
                            .trim()
                            .trim_matches(['"', '\''])
                            .to_owned(),
                    )
                    .filter(|n| !n.is_empty() && !n.contains('@'))
                });
                envelope.from_address = mail;
            }
        }
    }
    let mut files = Vec::new();
    for item in items.iter().filter(|i| i.unread.is_none()) {
        files.extend(
            read(&item.pages).into_iter().map(|found| Candidate { source: item.source.clone(), found }),
        );
    }
    let unread = items.into_iter().filter(|i| i.unread.is_some()).collect();
    Content { letter, envelope, words, lines, body, files, unread, dates: base }
}

/// The drafts of one letter.
fn drafts(mut content: Content<'_>, labels: &Labels, channel: Channel) -> Vec<Draft> {
    let files = std::mem::take(&mut content.files);
    let (files, others): (Vec<Candidate>, Vec<Candidate>) =
        files.into_iter().partition(|c| !c.found.order.lines.is_empty());
    let tables = files.iter().any(|c| c.found.ground > Ground::Prose);
    let files: Vec<Candidate> = files
        .into_iter()
        .filter(|c| {
            c.found.ground > Ground::Prose
                || (!tables && content.body.iter().all(|f| f.order.lines.is_empty()))
        })
        .collect();
    let body = std::mem::take(&mut content.body);
    let (kind, confidence) = tell(&content, &body, &files, &others, labels, channel);
    let mut orders = merge(&content, body, files, others, labels);
    let wanted = matches!(kind, Kind::Order | Kind::Amendment);
    if !wanted {
        orders.truncate(1);
    }
    let mut out: Vec<Draft> = Vec::new();
    for candidate in orders {
        let mut draft = draft_of(candidate, kind, confidence, &content, labels);
        if !wanted {
            draft.order = None;
            draft.unread.retain(|u| !u.code.starts_with("doubt."));
        }
        out.push(draft);
    }
    attach_unread(&mut out, &content, kind, confidence, labels);
    out
}

fn tell(
    content: &Content<'_>,
    body: &[Found],
    files: &[Candidate],
    others: &[Candidate],
    labels: &Labels,
    channel: Channel,
) -> (Kind, Confidence) {
    let found = || files.iter().map(|c| &c.found).chain(body);
    let document: String =
        files.iter().chain(others).map(|c| c.found.words.as_str()).collect::<Vec<_>>().join("\n");
    let subject = content.letter.envelope.subject.as_deref().unwrap_or("");
    let attachment = content.unread.iter().any(|i| could_be_order(i, labels)) || !files.is_empty();
    let facts = Facts {
        subject,
        body: &content.words,
        document: &document,
        ground: found().map(|f| f.ground).max().unwrap_or_default(),
        lines: found().map(|f| f.order.lines.len()).sum(),
        po_number: found().any(|f| f.order.po_number.is_some()),
        attachment,
        reply: is_reply(content.letter),
        machine: kind::machine(&content.letter.headers),
    };
    let (kind, confidence) = kind::tell(&facts, labels);
    // A page that could not be read is an order until a person says otherwise.
    if channel == Channel::Fax && kind == Kind::NotAnOrder && !content.unread.is_empty() {
        return (Kind::Order, Confidence::new(400));
    }
    (kind, confidence)
}

/// An unread file that may be the order: not a logo, not a design, not empty.
fn could_be_order(item: &Item, labels: &Labels) -> bool {
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

/// Joins body and files: files that hold orders come first, the body fills gaps or stands for itself.
fn merge(
    content: &Content<'_>,
    body: Vec<Found>,
    mut files: Vec<Candidate>,
    others: Vec<Candidate>,
    labels: &Labels,
) -> Vec<Candidate> {
    let source = content.letter.source.clone();
    if files.is_empty() {
        let mut body: Vec<Candidate> =
            body.into_iter().map(|found| Candidate { source: source.clone(), found }).collect();
        if let (Some(first), Some(other)) = (
            body.first_mut(),
            others
                .into_iter()
                .find(|o| o.found.order.po_number.is_some() && !content.letter.headers.is_empty()),
        ) && first.found.order.lines.is_empty()
        {
            fill(&mut first.found.order, &other.found.order);
        }
        if let [one] = body.as_mut_slice()
            && content.letter.headers.is_empty()
            && content.unread.is_empty()
        {
            one.source.clone_from(&source);
        }
        return body;
    }
    let numbers: Vec<Option<String>> =
        files.iter().map(|c| c.found.order.po_number.as_ref().map(|p| p.value.clone())).collect();
    for mut found in body {
        let own = found.order.po_number.as_ref().map(|p| p.value.clone());
        let apart = found.ground == Ground::Table
            && own.is_some()
            && numbers.iter().all(|n| n.is_some() && *n != own);
        if apart {
            files.push(Candidate { source: source.clone(), found });
            continue;
        }
        let known = |l: &crate::order::draft::DraftLine| {
            files.iter().any(|c| {
                c.found
                    .order
                    .lines
                    .iter()
                    .any(|x| x.quantity.as_ref().map(|q| q.value) == l.quantity.as_ref().map(|q| q.value))
            })
        };
        let strange = found.order.lines.iter().any(|l| !known(l));
        let differs =
            own.is_some() && numbers.iter().flatten().next().is_some() && numbers.iter().all(|n| *n != own);
        found.order.lines.clear();
        for file in &mut files {
            if strange || differs {
                file.found
                    .doubts
                    .push(Doubt::new(Code::Contradiction, "the body of the mail names other figures"));
            }
            fill(&mut file.found.order, &found.order);
            file.found.refers_to = file.found.refers_to.take().or_else(|| found.refers_to.clone());
        }
    }
    dedupe(&mut files, labels);
    files
}

/// What an order lacks is taken from the text around it.
fn fill(order: &mut DraftOrder, other: &DraftOrder) {
    fn take<T: Clone>(to: &mut Option<T>, from: &Option<T>) {
        if to.is_none() {
            to.clone_from(from);
        }
    }
    take(&mut order.po_number, &other.po_number);
    take(
        &mut order.requested_delivery,
        &other.requested_delivery.clone().filter(|_| order.lines.iter().all(|l| l.delivery_date.is_none())),
    );
    take(&mut order.payment_terms, &other.payment_terms);
    take(&mut order.incoterm, &other.incoterm);
    take(&mut order.shipping_method, &other.shipping_method);
    take(&mut order.ship_to.address, &other.ship_to.address);
    take(&mut order.ship_to.name, &other.ship_to.name);
    take(&mut order.ship_to.contact, &other.ship_to.contact);
    take(&mut order.ship_to.phone, &other.ship_to.phone);
    take(&mut order.customer.contact, &other.customer.contact);
    take(&mut order.customer.phone, &other.customer.phone);
    take(&mut order.customer.name, &other.customer.name);
}

/// The same order twice (as xlsx and csv): the first stays; if they differ, that is a doubt.
fn dedupe(files: &mut Vec<Candidate>, _labels: &Labels) {
    let mut at = 1;
    while at < files.len() {
        let number = files[at].found.order.po_number.as_ref().map(|p| &p.value);
        let twin = (0..at).find(|n| {
            number.is_some()
                && files[*n].source != files[at].source
                && files[*n].found.order.po_number.as_ref().map(|p| &p.value) == number
        });
        let Some(twin) = twin else {
            at += 1;
            continue;
        };
        let second = files.remove(at);
        let figures = |f: &Found| {
            f.order
                .lines
                .iter()
                .map(|l| (l.quantity.as_ref().map(|q| q.value), l.unit_price.as_ref().map(|p| p.value)))
                .collect::<Vec<_>>()
        };
        if figures(&files[twin].found) != figures(&second.found) {
            files[twin].found.doubts.push(Doubt::new(
                Code::Contradiction,
                "two files give the same order number with other figures",
            ));
        }
    }
}

fn draft_of(
    candidate: Candidate,
    kind: Kind,
    confidence: Confidence,
    content: &Content<'_>,
    labels: &Labels,
) -> Draft {
    let Candidate { source, mut found } = candidate;
    let context = Context { labels, style: Default::default(), dates: content.dates };
    signature::complete(&mut found.order.customer, &content.lines, &content.envelope, &context);
    let changing = !matches!(kind, Kind::Order | Kind::NotAnOrder);
    let subject = content.letter.envelope.subject.as_deref().unwrap_or("");
    let mentioned =
        mention::order_number(&content.words, labels).or_else(|| mention::order_number(subject, labels));
    if found.order.po_number.is_none() {
        let header = |v: String, name: &str, c| field(v, Evidence::Header { name: name.to_owned() }, c);
        let from_subject =
            mention::order_number(subject, labels).filter(|_| changing || !is_reply(content.letter));
        found.order.po_number = match (changing, from_subject) {
            (true, subject) => mentioned.clone().or(subject).map(|v| header(v, "Subject", sure::PROSE)),
            (false, Some(value)) => Some(header(value, "Subject", sure::HEADER)),
            (false, None) => mention::order_number(&content.words, labels)
                .or_else(|| mention::in_name(&source, labels))
                .map(|v| header(v, "Content-Disposition", sure::GUESSED)),
        };
    }
    let own = found.order.po_number.as_ref().map(|p| p.value.clone());
    let again = labels.topic(Topic::Resend, &content.words) + labels.topic(Topic::Resend, subject) > 0;
    let refers_to = found.refers_to.take().or(if changing || again { own.or(mentioned) } else { None });
    suspicious(&mut found, content, labels);
    let mut unread: Vec<Unread> = Vec::new();
    for doubt in &found.doubts {
        let one = doubt.code.at(&source, doubt.detail.clone());
        if !unread.contains(&one) && unread.len() < 50 {
            unread.push(one);
        }
    }
    let language = kind::language(&format!("{}\n{}\n{}", subject, content.words, order_text(&found)));
    let order = (!found.order.lines.is_empty()).then_some(found.order);
    Draft { source, kind, kind_confidence: confidence, language, order, refers_to, unread }
}

fn order_text(found: &Found) -> String {
    let texts =
        found.order.lines.iter().take(50).filter_map(|l| l.description.as_ref().map(|d| d.value.as_str()));
    format!("{}\n{}", found.words, texts.collect::<Vec<_>>().join("\n"))
}

fn suspicious(found: &mut Found, content: &Content<'_>, labels: &Labels) {
    let text = format!("{}\n{}", content.words, found.words);
    if labels.topic(Topic::Suspicious, &text) > 0 {
        found.doubts.push(Doubt::new(Code::Suspicious, "the text speaks to the program"));
    }
}

/// Files that were not read: drafts of their own where no order was found, else notes on the order.
fn attach_unread(
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
    let context = Context { labels, style: Default::default(), dates: content.dates };
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
        Code::PdfNotRead
            | Code::PictureNotRead
            | Code::WordNotRead
            | Code::FormatNotRead
            | Code::OfdNotRead
            | Code::TnefNotRead
    );
    Some(if plain_format {
        Code::UnreadSibling.at(&item.source, code.as_str())
    } else {
        code.at(&item.source, detail.clone())
    })
}
