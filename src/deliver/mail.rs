//! A mail as bytes (RFC 5322), the same bytes each time for the same message.

use super::NotSent;
use crate::order::message::MailSend;
use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, Date, HeaderName, HeaderValue, MessageId};
use lettre::message::{Mailbox, SinglePart};
use std::time::SystemTime;

/// Builds the mail. It says that no person wrote it, so that no program answers it (RFC 3834). `at` becomes its Date field. An address that is none is an error that names it.
pub fn bytes(mail: &MailSend, at: DateTime<Utc>) -> Result<Vec<u8>, NotSent> {
    let address = |text: &str| {
        text.parse::<Mailbox>()
            .map_err(|e| NotSent::Never(format!("`{text}` is no mail address ({e}); correct it and replay")))
    };
    let mut builder = lettre::Message::builder()
        .header(MessageId::from(mail.message_id.clone()))
        .header(Date::new(SystemTime::from(at)))
        .raw_header(field(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated"))
        .raw_header(field(HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"), "OOF, AutoReply"))
        .from(address(&mail.from)?)
        .subject(mail.subject.clone());
    for to in &mail.to {
        builder = builder.to(address(to)?);
    }
    if let Some(id) = &mail.in_reply_to {
        builder = builder.in_reply_to(id.clone());
    }
    if !mail.references.is_empty() {
        builder = builder.references(mail.references.join(" "));
    }
    let body = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(crlf(&mail.text));
    let built =
        builder.singlepart(body).map_err(|e| NotSent::Never(format!("the mail can't be built: {e}")))?;
    Ok(built.formatted())
}

/// Lines as a mail has them. (lettre would do it too, in a time that grows with the square of the length.)
fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

fn field(name: HeaderName, value: &str) -> HeaderValue {
    HeaderValue::new(name, value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(to: &str) -> MailSend {
        MailSend {
            message_id: "<a.confirmation.1@hengtong.example>".into(),
            from: "恒通 <orders@hengtong.example>".into(),
            to: vec![to.into()],
            subject: "Re: 采购单".into(),
            text: "您好\n".into(),
            in_reply_to: Some("<c1299c3dc2ed@linglan.example>".into()),
            references: vec!["<c1299c3dc2ed@linglan.example>".into()],
            purpose: "confirmation".into(),
        }
    }

    #[test]
    fn the_same_message_gives_the_same_bytes() {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let bytes = bytes(&mail("陈婉仪 <wanyi.chen@linglan.example>"), at).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains("Message-ID: <a.confirmation.1@hengtong.example>\r\n"), "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated\r\n"), "{text}");
        assert!(text.contains("In-Reply-To: <c1299c3dc2ed@linglan.example>\r\n"), "{text}");
        assert_eq!(bytes, super::bytes(&mail("陈婉仪 <wanyi.chen@linglan.example>"), at).unwrap());
    }

    #[test]
    fn an_address_that_is_none_is_named() {
        let Err(NotSent::Never(why)) = bytes(&mail("nobody"), DateTime::UNIX_EPOCH) else {
            panic!("was sent")
        };
        assert!(why.contains("`nobody` is no mail address"), "{why}");
    }
}
