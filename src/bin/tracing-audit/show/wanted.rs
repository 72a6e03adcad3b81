//! Which lines to show.

use serde_json::{Map, Value as Tree};
use tracing_audit::trail::{Line, Timestamp};

use super::members::Parts;
use super::members::{Member, Value, tree};
use crate::given::time;

/// Without any of these, every line is wanted.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Wanted {
    /// Lines from this time on: `2026-11-21`, `2026-11-21T20:41:00Z`, or so long ago: `2h`
    #[arg(long, value_name = "TIME", value_parser = time_text)]
    since: Option<String>,
    /// Lines before this time; a day begins at midnight, UTC
    #[arg(long, value_name = "TIME", value_parser = time_text)]
    until: Option<String>,
    /// Lines in which this field has this value: `actor=alice`, `request.method=GET`; also `kind`, `level`, `target`,
    /// `name`. Given more than once, all must hold
    #[arg(long = "where", value_name = "FIELD=VALUE", value_parser = Condition::parse)]
    conditions: Vec<Condition>,
}

impl Wanted {
    /// Whether every line is wanted, and what is none.
    pub(super) fn is_all(&self) -> bool {
        self.since.is_none() && self.until.is_none() && self.conditions.is_empty()
    }

    pub(super) fn wants(&self, line: &Line<'_>, parts: &Parts<'_>) -> bool {
        self.is_in_time(line.timestamp)
            && self.conditions.iter().all(|condition| condition.is_met(line, parts.fields()))
    }

    /// The order of the texts is that of the times; there may be no such day.
    fn is_in_time(&self, time: &str) -> bool {
        self.since.as_deref().is_none_or(|since| time >= since)
            && self.until.as_deref().is_none_or(|until| time < until)
            && (self.since.is_none() && self.until.is_none() || Timestamp::parse(time).is_some())
    }
}

#[derive(Debug, Clone)]
struct Condition {
    field: String,
    value: String,
}

impl Condition {
    fn parse(text: &str) -> Result<Condition, String> {
        match text.split_once('=') {
            Some((field, value)) if !field.is_empty() => {
                Ok(Condition { field: field.to_owned(), value: value.to_owned() })
            }
            _ => Err("expected a field, `=` and its value".to_owned()),
        }
    }

    fn is_met(&self, line: &Line<'_>, fields: &[Member<'_>]) -> bool {
        let of_line = match self.field.as_str() {
            "kind" => Some(line.kind.as_str()),
            "level" => Some(line.level.as_str()),
            "target" => Some(&*line.target),
            "name" => line.name.as_deref(),
            _ => None,
        };
        of_line == Some(self.value.as_str())
            || self.field == "level" && line.level.as_str().eq_ignore_ascii_case(&self.value)
            || fields.iter().any(|member| self.is_in(member))
    }

    /// Whether the field, or what lies in it, is the one and has the value.
    fn is_in(&self, Member { name, value }: &Member<'_>) -> bool {
        let name = name.decoded();
        let Some(rest) = self.field.strip_prefix(&*name) else { return false };
        match (value, rest.strip_prefix('.')) {
            (Value::Text(text), _) => rest.is_empty() && text.decoded() == self.value,
            (Value::Plain(text), _) => rest.is_empty() && *text == self.value,
            (Value::Other(json), _) if rest.is_empty() => self.is_value(&tree(json)),
            (Value::Other(json), Some(path)) => match tree(json) {
                Tree::Object(within) => at(&within, path).any(|value| self.is_value(value)),
                _ => false,
            },
            (Value::Other(_), None) => false,
        }
    }

    fn is_value(&self, value: &Tree) -> bool {
        match value {
            Tree::String(text) => *text == self.value,
            Tree::Array(values) => values.iter().any(|value| self.is_value(value)),
            other => format!("{other}") == self.value,
        }
    }
}

/// All that a path can mean: a name may have dots itself.
fn at<'a>(fields: &'a Map<String, Tree>, path: &'a str) -> Box<dyn Iterator<Item = &'a Tree> + 'a> {
    let nested = path.match_indices('.').filter_map(|(dot, _)| {
        let within = fields.get(&path[..dot])?.as_object()?;
        Some(at(within, &path[dot + 1..]))
    });
    Box::new(fields.get(path).into_iter().chain(nested.flatten()))
}

/// As the format writes it.
fn time_text(text: &str) -> Result<String, String> {
    time(text).map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    impl Wanted {
        pub(in crate::show) fn of(
            since: Option<Timestamp>,
            until: Option<Timestamp>,
            conditions: &[(String, String)],
        ) -> Wanted {
            let text = |time: Timestamp| time.to_string();
            let condition =
                |(field, value): &(String, String)| Condition { field: field.clone(), value: value.clone() };
            Wanted {
                since: since.map(text),
                until: until.map(text),
                conditions: conditions.iter().map(condition).collect(),
            }
        }

        /// In the plain way: all is parsed.
        pub(in crate::show) fn wants_plainly(&self, line: &Line<'_>) -> bool {
            let time = Timestamp::parse(line.timestamp);
            let parse = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse);
            let in_time = parse(&self.since).is_none_or(|since| time.is_some_and(|time| time >= since))
                && parse(&self.until).is_none_or(|until| time.is_some_and(|time| time < until));
            let fields: Map<String, Tree> = serde_json::from_str(line.fields).unwrap();
            in_time
                && self.conditions.iter().all(|condition| {
                    condition.is_met(line, &[])
                        || at(&fields, &condition.field).any(|value| condition.is_value(value))
                })
        }
    }

    #[test]
    fn times_have_three_spellings() {
        let noon = Timestamp::parse("2026-11-21T12:00:00.000000000Z").unwrap();
        let midnight = Timestamp::parse("2026-11-21T00:00:00.000000000Z").unwrap();
        assert_eq!(time("2026-11-21T12:00:00Z"), Ok(noon));
        assert_eq!(time("2026-11-21T13:00:00.0+01:00"), Ok(noon));
        assert_eq!(time("2026-11-21"), Ok(midnight));
        let hour = Timestamp::from(SystemTime::now()).since(time("1h").unwrap());
        assert!((3_590..3_660).contains(&hour.as_secs()), "{hour:?}");
        assert_eq!(time("9000y"), Ok(Timestamp::from_nanos(0)));
        for wrong in ["", "yesterday", "2026-11-31", "2026-11-21T25:00:00Z", "1950-01-01"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_dot_is_in_a_name_or_between_two() {
        let fields: Map<String, Tree> =
            serde_json::from_str(r#"{"a.b":1,"a":{"b":2,"b.c":{"d":3}},"s":["x","y"]}"#).unwrap();
        let values = |path| at(&fields, path).map(Tree::to_string).collect::<Vec<_>>();
        assert_eq!(values("a.b"), ["1", "2"]);
        assert_eq!(values("a.b.c.d"), ["3"]);
        assert!(values("a.c").is_empty() && values("a.").is_empty() && values(".").is_empty());
        assert!(Condition::parse("s=y").unwrap().is_value(&fields["s"]));
        assert!(Condition::parse("=y").is_err() && Condition::parse("y").is_err());
    }
}
