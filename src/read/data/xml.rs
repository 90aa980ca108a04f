//! XML as a small tree: names without prefixes, and the line on which each element begins. No DTDs.

use super::{Bad, bad};
use crate::read::codes::Code;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Elements in elements.
const DEPTH: usize = 60;

/// Attributes of one element; no more are looked at.
const ATTRIBUTES: usize = 30;

/// An element.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    /// From 1.
    pub(super) line: u32,
    pub(super) children: Vec<Self>,
}

impl Element {
    /// The first element on a way of names down from here.
    pub(super) fn at(&self, way: &[&str]) -> Option<&Self> {
        way.iter().try_fold(self, |at, name| at.children.iter().find(|it| it.name == *name))
    }

    /// The children of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |it| it.name == name)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// The root of a document, of `most` elements at most.
pub(super) fn parse(xml: &str, most: usize) -> Result<Element, Bad> {
    let mut reader = Reader::from_str(xml);
    let mut open = vec![Element::default()];
    let (mut count, mut seen, mut line) = (0, 0, 1);
    loop {
        let event = reader.read_event().map_err(|_| bad(format!("line {line}: this is not XML")))?;
        match event {
            Event::Start(tag) => open.push(element(&tag, line)),
            Event::Empty(tag) => {
                if let Some(parent) = open.last_mut() {
                    parent.children.push(element(&tag, line));
                }
            }
            Event::End(_) => {
                if let Some(child) = open.pop()
                    && let Some(parent) = open.last_mut()
                {
                    parent.children.push(child);
                }
            }
            Event::Text(text) => write(&mut open, &text),
            Event::CData(text) => write(&mut open, &text),
            Event::GeneralRef(name) => write(&mut open, &letter(&name)),
            Event::DocType(_) => return Err(bad(format!("line {line}: a DTD is not read"))),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
        count += 1;
        if count > most {
            return Err((Code::TooManyParts, format!("{most} elements")));
        }
        if open.len() > DEPTH {
            return Err((Code::TooDeep, format!("{DEPTH} elements in each other")));
        }
        let now = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(xml.len());
        let passed = xml.as_bytes().get(seen..now).unwrap_or_default();
        line += u32::try_from(passed.iter().filter(|it| **it == b'\n').count()).unwrap_or(0);
        seen = now;
    }
    match (open.len(), open.pop()) {
        (1, Some(top)) if top.children.len() > 1 => Err(bad("there is more than one document")),
        (1, Some(top)) => top.children.into_iter().next().ok_or_else(|| bad("there is no element")),
        _ => Err(bad("it breaks off")),
    }
}

fn element(tag: &BytesStart<'_>, line: u32) -> Element {
    let attribute = |it: quick_xml::events::attributes::Attribute<'_>| {
        let plain = quick_xml::escape::unescape(&it.value).map_or_else(|_| it.value.to_string(), Into::into);
        (it.key.local_name().as_ref().to_owned(), plain)
    };
    Element {
        name: tag.local_name().as_ref().to_owned(),
        attributes: tag.attributes().with_checks(false).flatten().take(ATTRIBUTES).map(attribute).collect(),
        line,
        ..Element::default()
    }
}

fn write(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// A character by its number or by one of the five names of XML.
fn letter(name: &BytesRef<'_>) -> String {
    match name.resolve_char_ref() {
        Ok(Some(letter)) => letter.to_string(),
        _ => quick_xml::escape::resolve_predefined_entity(name).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_know_their_lines() {
        let xml = "<?xml version=\"1.0\"?>\n<a:x xmlns:a=\"u\">\n  <b c=\"1 &amp; 2\">A&amp;B &#67;</b>\n<b><![CDATA[<d>]]></b></a:x>";
        let root = parse(xml, 100).unwrap();
        assert_eq!((root.name.as_str(), root.line), ("x", 2));
        let all: Vec<(&str, u32)> = root.all("b").map(|it| (it.text.as_str(), it.line)).collect();
        assert_eq!(all, [("A&B C", 3), ("<d>", 4)]);
        assert_eq!(root.at(&["b"]).unwrap().attribute("c"), Some("1 & 2"));
        assert!(root.at(&["b", "c"]).is_none());
    }

    #[test]
    fn what_is_not_read() {
        for (xml, why) in [
            ("<a><b></a>", Code::DamagedData),
            ("<a>", Code::DamagedData),
            ("<a/><a/>", Code::DamagedData),
            ("", Code::DamagedData),
            ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", Code::DamagedData),
            ("<a><b/><b/><b/><b/><b/><b/><b/><b/><b/></a>", Code::TooManyParts),
            (&"<a>".repeat(100), Code::TooDeep),
        ] {
            let most = if why == Code::TooDeep { 1000 } else { 8 };
            assert_eq!(parse(xml, most).unwrap_err().0, why, "{xml}");
        }
    }
}
