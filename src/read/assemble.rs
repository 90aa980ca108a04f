//! Letters and files to drafts: which of them hold the order, what the mail around it adds, what a person must see.

use super::codes::Code;
use super::collect::{Collected, collect};
use super::find::{Context, Doubt, Found, Ground, field, signature, sure};
use super::kind::{self, Facts};
use super::labels::{Labels, Topic};
use super::letter::{Candidate, Content, content, is_reply};
use super::limits::Limits;
use super::mail::{self, address};
use super::mention;
use super::merge::merge;
use super::unread::{attach_unread, could_be_order};
use super::{Pictures, Reader, Reading, Source};
use crate::order::document::{Channel, Envelope, Kind};
use crate::order::draft::{Confidence, Draft, Evidence, Unread};

/// Opens a document; one that is too large is refused, as a reading that says so.
pub(super) fn open(
    source: &Source<'_>,
    reader: &Reader,
    pictures: Pictures,
) -> Result<Collected, Box<Reading>> {
    if source.bytes.len() > reader.limits.message_bytes {
        return Err(Box::new(refused(
            source,
            reader,
            Code::TooBig,
            format!("{} MB", source.bytes.len() >> 20),
        )));
    }
    let message = matches!(
        super::format::sniff(source.bytes, source.name, "message/rfc822"),
        super::format::Format::Message
    ) && mail::is_message(source.bytes);
    Ok(collect(source, message, reader, pictures))
}

/// Reads what was opened.
pub(super) fn reading(collected: &Collected, labels: &Labels, channel: Channel, limits: &Limits) -> Reading {
    let mut all: Vec<(usize, Vec<Draft>)> = Vec::new();
    let mut envelopes = Vec::new();
    for at in 0..collected.letters.len() {
        let content = content(at, collected, labels);
        envelopes.push(content.envelope.clone());
        all.push((at, drafts(content, labels, channel)));
    }
    let (envelope, mut drafts) = choose(collected, envelopes, all);
    let envelope = carried(envelope, collected);
    if drafts.len() > limits.drafts {
        let why = Code::TooManyParts.at(&drafts[0].source, format!("{} orders", drafts.len()));
        drafts[0].unread.push(why);
        drafts.truncate(limits.drafts.max(1));
    }
    Reading { envelope, drafts, later: collected.later, shown: Vec::new() }
}

/// With what is known of the mail as it came in: who really sent it, and what was proven of him.
fn carried(envelope: Envelope, collected: &Collected) -> Envelope {
    let Some(outer) = collected.letters.first().map(|letter| &letter.envelope) else { return envelope };
    let own = envelope.from_address == outer.from_address;
    let passed_on_by = (!own).then(|| outer.from_address.clone().unwrap_or_default());
    Envelope { passed_on_by, authentication: outer.authentication.clone(), ..envelope }
}

fn refused(source: &Source<'_>, reader: &Reader, code: Code, detail: String) -> Reading {
    let head = &source.bytes[..source.bytes.len().min(64 * 1024)];
    let headers = mail::header::Headers::parse(head).0;
    let envelope = Envelope { authentication: reader.believed.of(&headers), ..address::envelope(&headers) };
    let draft = empty("body", Kind::Order, Confidence::new(300), vec![code.at("body", detail)]);
    Reading { envelope, drafts: vec![draft], later: false, shown: Vec::new() }
}

pub(super) fn empty(source: &str, kind: Kind, confidence: Confidence, unread: Vec<Unread>) -> Draft {
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

/// The drafts of one letter.
fn drafts(mut content: Content<'_>, labels: &Labels, channel: Channel) -> Vec<Draft> {
    let mut files = std::mem::take(&mut content.files);
    // What is stated comes before what was searched for: of two files of one order the first is taken.
    files.sort_by_key(|c| c.found.ground != Ground::Data);
    let (mut files, others): (Vec<Candidate>, Vec<Candidate>) =
        files.into_iter().partition(|c| !c.found.order.lines.is_empty() || c.found.kind.is_some());
    let tables = files.iter().any(|c| c.found.ground > Ground::Prose);
    files.retain(|c| {
        c.found.ground > Ground::Prose || (!tables && content.body.iter().all(|f| f.order.lines.is_empty()))
    });
    let body = std::mem::take(&mut content.body);
    let told = tell(&content, &body, (&files, &others), labels, channel);
    let stated = stated(&mut files, told.0);
    let mut orders = merge(&content, body, files, others);
    let wanted = |kind| matches!(kind, Kind::Order | Kind::Amendment);
    if !wanted(told.0) && stated.is_none() {
        orders.truncate(1);
    }
    let of = |kind: Option<Kind>| kind.map_or(told, |kind| (kind, Confidence::FULL));
    let mut out: Vec<Draft> = Vec::new();
    for candidate in orders {
        let (kind, confidence) = of(candidate.found.kind);
        let mut draft = draft_of(candidate, kind, confidence, &content, labels);
        if !wanted(kind) {
            draft.order = None;
            draft.unread.retain(|u| !u.code.starts_with("doubt."));
        }
        out.push(draft);
    }
    let (kind, confidence) = of(stated);
    attach_unread(&mut out, &content, kind, confidence, labels);
    out
}

/// The kind that files of data say. One that orders, in a mail that says anything else, is doubtful.
fn stated(files: &mut [Candidate], told: Kind) -> Option<Kind> {
    let kind = files.iter().find_map(|c| c.found.kind)?;
    if told != Kind::Order {
        for file in files.iter_mut().filter(|c| c.found.kind == Some(Kind::Order)) {
            file.found
                .doubts
                .push(Doubt::new(Code::ChangeWords, "the mail around the file says something else"));
        }
    }
    Some(kind)
}

fn tell(
    content: &Content<'_>,
    body: &[Found],
    (files, others): (&[Candidate], &[Candidate]),
    labels: &Labels,
    channel: Channel,
) -> (Kind, Confidence) {
    // What a file of data says of itself is known; here it is the mail's own word that counts.
    let found = || files.iter().map(|c| &c.found).chain(body).filter(|found| found.kind.is_none());
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
    if let Some(kind) = taught(&facts, kind, labels) {
        return (kind, Confidence::FULL);
    }
    // A page that could not be read is an order until a person says otherwise.
    if channel == Channel::Fax && kind == Kind::NotAnOrder && !content.unread.is_empty() {
        return (Kind::Order, Confidence::new(400));
    }
    (kind, confidence)
}

/// What mails of this customer with this subject are. No subject says of an order number with goods below it that it orders
/// nothing, or of a file, a number or a cancellation that nobody need look at it.
fn taught(facts: &Facts<'_>, told: Kind, labels: &Labels) -> Option<Kind> {
    let kind = labels.kind(facts.subject).filter(|_| facts.machine.is_none())?;
    let orders = facts.po_number && facts.lines > 0;
    let changes = |kind| matches!(kind, Kind::Amendment | Kind::Cancellation);
    let mentions =
        || mention::order_number(facts.body, labels).or_else(|| mention::order_number(facts.subject, labels));
    let fits = match kind {
        Kind::Order => !changes(told),
        Kind::Amendment | Kind::Cancellation => !orders,
        Kind::Answer
        | Kind::Inquiry
        | Kind::Complaint
        | Kind::PaymentNotice
        | Kind::DeliveryReport
        | Kind::NotAnOrder => !facts.attachment && !facts.po_number && !changes(told) && mentions().is_none(),
    };
    fits.then_some(kind)
}

fn draft_of(
    candidate: Candidate,
    kind: Kind,
    confidence: Confidence,
    content: &Content<'_>,
    labels: &Labels,
) -> Draft {
    let Candidate { source, mut found } = candidate;
    let context = Context { labels, printed: false, style: Default::default(), dates: content.dates };
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
    let moved = kind == Kind::Amendment && found.order.requested_delivery.is_some();
    let order = (!found.order.lines.is_empty() || moved).then_some(found.order);
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
