//! The real program with a real mail server: confirmations leave, bounces and fax receipts come back to the people.

use crate::servers::mailserver::{MailServer, PASSWORD, USER, mails};
use crate::servers::until;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const CUSTOMER: &str = "wanyi.chen@linglan.example";
const COLLEAGUE: &str = "purchase@linglan.example";
const SALES: &str = "sales@hengtong.example";
const HOUSE: &str = "orders@hengtong.example";

const FAX: &str = "076955501202@fax.example";

struct House {
    folder: TempDir,
    maildirs: TempDir,
    server: MailServer,
    _exim: TempDir,
}

impl House {
    /// The lean profile; `customers` may change the customers' table.
    fn new(customers: impl Fn(String) -> String) -> Self {
        let (folder, maildirs, exim) =
            (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
        let server = MailServer::start(exim.path(), maildirs.path());
        for address in [CUSTOMER, COLLEAGUE, SALES, HOUSE, FAX] {
            server.mailbox(address);
        }
        let settings = format!(
            "[rules]\nprofile = \"lean\"\n[intake]\npoll_ms = 50\n[smtp]\nhost = \"localhost\"\nport = {}\nuser = \
             \"{USER}\"\npassword_file = '{}'\nca_file = '{}'\n[fax_gateway]\naddress = \
             \"{{number}}@fax.example\"\nsender = \"gateway@fax.example\"\n",
            server.port,
            folder.path().join("password").display(),
            server.ca_file.display()
        );
        fs::write(folder.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        fs::write(folder.path().join("gendan.toml"), settings).unwrap();
        fs::create_dir_all(folder.path().join("in")).unwrap();
        let master = folder.path().join("master");
        fs::create_dir_all(&master).unwrap();
        for entry in fs::read_dir("tests/samples/master").unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, master.join(path.file_name().unwrap())).unwrap();
        }
        let table = master.join("customers.csv");
        fs::write(&table, customers(fs::read_to_string(&table).unwrap())).unwrap();
        let house = Self { folder, maildirs, server, _exim: exim };
        house.gendan(&["import", &master.to_string_lossy()]);
        house
    }

    fn gendan(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gendan"));
        let output = command.arg("--dir").arg(self.folder.path()).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        assert!(!said.contains(PASSWORD) && !said.contains(CUSTOMER), "{said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.gendan(&[&["--json"], arguments].concat())).unwrap()
    }

    /// A mail comes in, and is worked off.
    fn take(&self, name: &str, mail: &str) {
        fs::write(self.folder.path().join("in").join(name), mail).unwrap();
        self.gendan(&["run", "--once"]);
    }

    fn mails(&self, address: &str, count: usize) -> Vec<String> {
        let there = || mails(self.maildirs.path(), address);
        until(&format!("{count} mails for {address}"), Duration::from_secs(30), || there().len() >= count);
        there()
    }

    /// The document of this name, with its parts.
    fn document(&self, name: &str) -> Value {
        let all = self.ask(&["documents", "list"]);
        let found = all.as_array().unwrap().iter().find(|it| it["name"] == name).expect(name);
        self.ask(&["documents", "show", found["id"].as_str().unwrap()])
    }

    fn order(&self) -> String {
        self.ask(&["orders", "show", "LL-26030212"])["id"].as_str().unwrap().to_owned()
    }

    /// Mails about this that sales was told of.
    fn told(&self) -> Vec<String> {
        let all = mails(self.maildirs.path(), SALES);
        all.into_iter().filter(|mail| mail.contains(".undelivered.")).collect()
    }

    fn balanced(&self) {
        let balance = self.ask(&["balance"]);
        for list in ["missing", "double", "unsure"] {
            assert_eq!(balance[list].as_array().unwrap().len(), 0, "{balance}");
        }
    }
}

fn order_mail() -> String {
    fs::read_to_string("tests/cases/lean-untouched/order.eml").unwrap()
}

fn message_id(mail: &str) -> &str {
    mail.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap()
}

/// The text of a mail whose body is one part.
fn body(mail: &str) -> String {
    String::from_utf8(mailparse::parse_mail(mail.as_bytes()).unwrap().get_body_raw().unwrap()).unwrap()
}

#[test]
fn a_confirmation_that_bounces_is_told_to_sales_once() {
    let house = House::new(|table| table);
    house.server.close(CUSTOMER);
    house.take("order.eml", &order_mail());
    let order = house.order();
    let bounce = house.mails(HOUSE, 1).remove(0);
    assert!(bounce.starts_with("Return-path: <>"), "{bounce}");
    assert!(bounce.contains(&format!("<{order}.1.confirmation@hengtong.example>")), "{bounce}");

    house.take("bounce.eml", &bounce);
    let document = house.document("bounce.eml").to_string();
    assert!(document.contains(&format!("bounce_of:{order}")), "{document}");
    until("sales is told", Duration::from_secs(20), || !house.told().is_empty());
    let told = house.told().remove(0);
    assert!(told.starts_with("Return-path: <>"), "{told}");
    let text = body(&told);
    assert!(text.contains(CUSTOMER) && text.contains("550 5.1.1 the mailbox is gone"), "{text}");
    assert!(text.contains("订单确认"), "{text}");

    // The same failure again, and one about the notice itself: filed, and nobody hears of it again.
    house.take("again.eml", &format!("X-Again: yes\n{bounce}"));
    house.take(
        "notice.eml",
        &bounce.replace(
            &format!("{order}.1.confirmation"),
            message_id(&told).split('@').next().unwrap().trim_start_matches('<'),
        ),
    );
    for name in ["again.eml", "notice.eml"] {
        let document = house.document(name).to_string();
        assert!(document.contains(&format!("bounce_of:{order}")), "{document}");
    }
    // A stranger's bounce is no matter of ours.
    house.take("stranger.eml", &bounce.replace(&order, "0195a1c0-0000-7000-8000-000000000042"));
    let document = house.document("stranger.eml").to_string();
    assert!(document.contains("not_an_order") && !document.contains("bounce_of"), "{document}");
    assert_eq!(house.told().len(), 1);
    house.balanced();
}

#[test]
fn a_program_that_orders_is_not_answered_but_its_people_are() {
    let house = House::new(|table| table);
    house.take("order.eml", &format!("Auto-Submitted: auto-generated\n{}", order_mail()));
    let confirmation = house.mails(COLLEAGUE, 1).remove(0);
    assert!(confirmation.contains(".1.confirmation@hengtong.example"), "{confirmation}");
    assert!(mails(house.maildirs.path(), CUSTOMER).is_empty());
    house.balanced();
}

#[test]
fn who_has_no_mail_gets_a_fax_and_its_receipts_are_filed() {
    let alone = |table: String| table.replace(&format!(";周国梁 <{COLLEAGUE}>"), "");
    let house = House::new(alone);
    house.take("order.eml", &format!("Auto-Submitted: auto-generated\n{}", order_mail()));
    let order = house.order();
    let fax = house.mails(FAX, 1).remove(0);
    let id = message_id(&fax);
    assert_eq!(id, format!("<{order}.1.confirmation@hengtong.example>"));

    let receipt = |said: &str| {
        format!(
            "From: Fax <gateway@fax.example>\nSubject: Fax to 0769-5550-1202 {said}\nIn-Reply-To: {id}\n\
             Message-ID: <r1@fax.example>\n\nPages: 1\n"
        )
    };
    house.take("sent.eml", &receipt("was delivered"));
    let document = house.document("sent.eml").to_string();
    assert!(document.contains(&format!("fax_receipt_of:{order}")), "{document}");
    house.take("failed.eml", &receipt("failed: busy"));
    let document = house.document("failed.eml").to_string();
    assert!(document.contains(&format!("fax_failed_of:{order}")), "{document}");
    until("sales is told", Duration::from_secs(20), || house.told().len() == 1);
    let text = body(&house.told()[0]);
    assert!(text.contains(FAX) && text.contains("failed: busy"), "{text}");
    house.balanced();
}

#[test]
fn a_fax_that_comes_by_mail_is_a_fax() {
    let house = House::new(|table| table);
    let page = fs::read(Path::new("tests/samples/fax/f01.tif")).unwrap();
    let mail = format!(
        "From: Fax <gateway@fax.example>\nSubject: Fax from 0769-5550-1202 (1 page)\nMessage-ID: <f1@fax.example>\n\
         MIME-Version: 1.0\nContent-Type: image/tiff; name=fax.tif\nContent-Disposition: attachment; \
         filename=fax.tif\nContent-Transfer-Encoding: base64\n\n{}\n",
        base64(&page)
    );
    house.take("fax.eml", &mail);
    let document = house.document("fax.eml");
    assert_eq!(document["channel"], "fax", "{document}");
    assert!(document.to_string().contains("0769-5550-1202"), "{document}");
    let reviews = house.ask(&["reviews", "list"]);
    assert_eq!(reviews[0]["queue"], "keying", "{reviews}");
    house.balanced();
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for (at, three) in bytes.chunks(3).enumerate() {
        let word =
            three.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place)) as usize & 63] as char;
            text.push(if place > three.len() { '=' } else { letter });
        }
        if at % 19 == 18 {
            text.push('\n');
        }
    }
    text
}
