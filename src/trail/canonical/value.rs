//! Any [`serde::Serialize`] as canonical JSON, its numbers by the rules of the format.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::ser::{self, Impossible};

use super::{member_order, write};

/// How deep a value may nest; a line has room for more (see [`super::scan`]).
const MAX_DEPTH: usize = 64;

/// Appends `value`. On an error `out` is as it was.
pub(crate) fn value<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), ValueError> {
    value_within(MAX_DEPTH, value, out)
}

/// As [`value`], with another depth: what is deeper than a line takes can still be told as text.
pub(crate) fn value_within<T: Serialize + ?Sized>(
    depth: usize,
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), ValueError> {
    let start = out.len();
    value.serialize(ValueWriter { out, deeper: depth }).inspect_err(|_| out.truncate(start))
}

/// Why a value has no canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ValueError {
    /// Two members of one object have this name.
    Duplicate(String),
    /// A member's name that is no string, number, boolean or character.
    Name,
    /// Nested deeper than 64.
    Depth,
    /// The value's own `Serialize` failed and says this.
    Custom(String),
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueError::Duplicate(name) => write!(f, "two members named {name:?}"),
            ValueError::Name => f.write_str("a member's name that is not a string"),
            ValueError::Depth => f.write_str("nested deeper than 64"),
            ValueError::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for ValueError {}

impl ser::Error for ValueError {
    fn custom<T: fmt::Display>(message: T) -> ValueError {
        ValueError::Custom(message.to_string())
    }
}

type Result<T, E = ValueError> = std::result::Result<T, E>;

struct ValueWriter<'a> {
    out: &'a mut Vec<u8>,
    /// How many containers may still open within each other.
    deeper: usize,
}

impl<'a> ValueWriter<'a> {
    fn sequence(self) -> Result<Sequence<'a>> {
        let deeper = self.deeper()?;
        self.out.push(b'[');
        Ok(Sequence { out: self.out, deeper, empty: true, variant: false })
    }

    fn members(self) -> Result<Members<'a>> {
        let deeper = self.deeper()?;
        Ok(Members { start: self.out.len(), out: self.out, deeper, met: Vec::new(), variant: false })
    }

    fn variant(&mut self, variant: &'static str) -> Result<()> {
        self.deeper = self.deeper()?;
        self.out.push(b'{');
        write::string(variant, self.out);
        self.out.push(b':');
        Ok(())
    }

    fn deeper(&self) -> Result<usize> {
        self.deeper.checked_sub(1).ok_or(ValueError::Depth)
    }
}

/// Methods that pass their argument to a function of [`write`].
macro_rules! scalars {
    ($($method:ident($type:ty) => |$value:ident| $function:ident($argument:expr);)*) => {$(
        fn $method(self, $value: $type) -> Result<()> {
            write::$function($argument, self.out);
            Ok(())
        }
    )*};
}

impl<'a> ser::Serializer for ValueWriter<'a> {
    type Ok = ();
    type Error = ValueError;
    type SerializeSeq = Sequence<'a>;
    type SerializeTuple = Sequence<'a>;
    type SerializeTupleStruct = Sequence<'a>;
    type SerializeTupleVariant = Sequence<'a>;
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Members<'a>;

    scalars! {
        serialize_bool(bool) => |value| boolean(value);
        serialize_i8(i8) => |value| signed(value.into());
        serialize_i16(i16) => |value| signed(value.into());
        serialize_i32(i32) => |value| signed(value.into());
        serialize_i64(i64) => |value| signed(value);
        serialize_i128(i128) => |value| signed_wide(value);
        serialize_u8(u8) => |value| unsigned(value.into());
        serialize_u16(u16) => |value| unsigned(value.into());
        serialize_u32(u32) => |value| unsigned(value.into());
        serialize_u64(u64) => |value| unsigned(value);
        serialize_u128(u128) => |value| unsigned_wide(value);
        serialize_f32(f32) => |value| float(value.into());
        serialize_f64(f64) => |value| float(value);
        serialize_char(char) => |value| string(value.encode_utf8(&mut [0; 4]));
        serialize_str(&str) => |value| string(value);
        serialize_bytes(&[u8]) => |value| bytes(value);
        serialize_unit_struct(&'static str) => |_name| null(());
    }

    fn serialize_unit(self) -> Result<()> {
        write::null((), self.out);
        Ok(())
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.variant(variant)?;
        value.serialize(ValueWriter { out: self.out, deeper: self.deeper })?;
        self.out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Sequence<'a>> {
        self.sequence()
    }

    fn serialize_tuple(self, _: usize) -> Result<Sequence<'a>> {
        self.sequence()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Sequence<'a>> {
        self.sequence()
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Sequence<'a>> {
        self.variant(variant)?;
        Ok(Sequence { variant: true, ..self.sequence()? })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'a>> {
        self.members()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'a>> {
        self.members()
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'a>> {
        self.variant(variant)?;
        Ok(Members { variant: true, ..self.members()? })
    }
}

struct Sequence<'a> {
    out: &'a mut Vec<u8>,
    deeper: usize,
    empty: bool,
    variant: bool,
}

impl Sequence<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        value.serialize(ValueWriter { out: self.out, deeper: self.deeper })
    }

    fn close(self) {
        self.out.extend_from_slice(if self.variant { b"]}" } else { b"]" });
    }
}

/// The four traits of a sequence differ only in the name of their method.
macro_rules! sequence {
    ($($of:ident::$method:ident)*) => {$(
        impl ser::$of for Sequence<'_> {
            type Ok = ();
            type Error = ValueError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            fn end(self) -> Result<()> {
                self.close();
                Ok(())
            }
        }
    )*};
}

sequence! { SerializeSeq::serialize_element SerializeTuple::serialize_element SerializeTupleStruct::serialize_field SerializeTupleVariant::serialize_field }

/// Members are written as they come, from `start` on, each as `,"name":value`, and put in order at the end.
struct Members<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    deeper: usize,
    /// Each one's name and where its comma stands.
    met: Vec<(Cow<'static, str>, usize)>,
    variant: bool,
}

impl Members<'_> {
    fn name(&mut self, name: Cow<'static, str>) {
        self.met.push((name, self.out.len()));
        self.out.push(b',');
        write::string(&self.met[self.met.len() - 1].0, self.out);
        self.out.push(b':');
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(ValueWriter { out: self.out, deeper: self.deeper })
    }

    fn close(self) -> Result<()> {
        let Members { out, start, met: mut members, variant, .. } = self;
        if members.is_empty() {
            out.push(b'{');
        } else if !members.is_sorted_by(|(a, _), (b, _)| member_order(a, b).is_lt()) {
            let written = out.split_off(start);
            let ends =
                members.iter().skip(1).map(|(_, at)| *at - start).chain([written.len()]).collect::<Vec<_>>();
            let mut order = members.drain(..).zip(ends).collect::<Vec<_>>();
            order.sort_by(|((a, _), _), ((b, _), _)| member_order(a, b));
            if let Some(pair) = order.windows(2).find(|pair| pair[0].0.0 == pair[1].0.0) {
                return Err(ValueError::Duplicate(pair[0].0.0.to_string()));
            }
            for ((_, at), end) in order {
                out.extend_from_slice(&written[at - start..end]);
            }
            out[start] = b'{';
        } else {
            out[start] = b'{';
        }
        out.extend_from_slice(if variant { b"}}" } else { b"}" });
        Ok(())
    }
}

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = ValueError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.name(Cow::Owned(key.serialize(NameWriter)?));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.value(value)
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}

macro_rules! members {
    ($($of:ident)*) => {$(
        impl ser::$of for Members<'_> {
            type Ok = ();
            type Error = ValueError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.name(Cow::Borrowed(name));
                self.value(value)
            }

            fn end(self) -> Result<()> {
                self.close()
            }
        }
    )*};
}

members! { SerializeStruct SerializeStructVariant }

/// The key of a map as a member's name: strings, and what has one obvious text.
struct NameWriter;

macro_rules! names {
    ($($method:ident($type:ty))*) => {$(
        fn $method(self, value: $type) -> Result<String> {
            Ok(value.to_string())
        }
    )*};
}

macro_rules! no_names {
    ($($method:ident($($type:ty),*) -> $ok:ty;)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<$ok> {
            Err(ValueError::Name)
        }
    )*};
}

impl ser::Serializer for NameWriter {
    type Ok = String;
    type Error = ValueError;
    type SerializeSeq = Impossible<String, ValueError>;
    type SerializeTuple = Impossible<String, ValueError>;
    type SerializeTupleStruct = Impossible<String, ValueError>;
    type SerializeTupleVariant = Impossible<String, ValueError>;
    type SerializeMap = Impossible<String, ValueError>;
    type SerializeStruct = Impossible<String, ValueError>;
    type SerializeStructVariant = Impossible<String, ValueError>;

    names! {
        serialize_bool(bool) serialize_char(char) serialize_str(&str)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
    }

    no_names! {
        serialize_f32(f32) -> String;
        serialize_f64(f64) -> String;
        serialize_bytes(&[u8]) -> String;
        serialize_none() -> String;
        serialize_unit() -> String;
        serialize_unit_struct(&'static str) -> String;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeSeq;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeSeq;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeSeq;
        serialize_map(Option<usize>) -> Self::SerializeSeq;
        serialize_struct(&'static str, usize) -> Self::SerializeSeq;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeSeq;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<String> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<String> {
        Ok(variant.to_owned())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<String> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String> {
        Err(ValueError::Name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use super::*;
    use proptest::prelude::*;

    fn written<T: Serialize + ?Sized>(of: &T) -> Result<String> {
        let mut out = b"before".to_vec();
        value(of, &mut out)?;
        Ok(String::from_utf8(out.split_off(6)).unwrap())
    }

    #[derive(Serialize)]
    struct Transfer {
        to: &'static str,
        amount: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        kind: Kind,
        more: Vec<Kind>,
    }

    #[derive(Serialize)]
    enum Kind {
        Wire,
        Cash(f64),
        Split(i8, i128),
        Check { no: u64, bank: char },
    }

    #[test]
    fn structs_and_enums_are_as_serde_json_has_them_but_canonical() {
        let transfer = Transfer {
            to: "bob",
            amount: u64::MAX,
            note: None,
            kind: Kind::Wire,
            more: vec![Kind::Cash(f64::NAN), Kind::Split(-1, i128::MIN), Kind::Check { no: 7, bank: '"' }],
        };
        let expected = format!(
            r#"{{"amount":"18446744073709551615","kind":"Wire","more":[{{"Cash":"NaN"}},{{"Split":[-1,"{}"]}},{{"Check":{{"bank":"\"","no":7}}}}],"to":"bob"}}"#,
            i128::MIN
        );
        assert_eq!(written(&transfer), Ok(expected));
    }

    #[test]
    fn keys_of_maps_become_names() {
        assert_eq!(written(&BTreeMap::from([(10, "a"), (9, "b")])), Ok(r#"{"10":"a","9":"b"}"#.into()));
        assert_eq!(written(&HashMap::from([(true, None::<u8>)])), Ok(r#"{"true":null}"#.into()));
        assert_eq!(written(&BTreeMap::<u8, u8>::new()), Ok("{}".into()));
        assert_eq!(written(&BTreeMap::from([(Some('x'), 1)])), Ok(r#"{"x":1}"#.into()));
        assert_eq!(written(&BTreeMap::from([([1], 1)])), Err(ValueError::Name));
    }

    #[test]
    fn an_error_leaves_nothing_behind() {
        struct Twice;
        impl Serialize for Twice {
            fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([("a", 1), ("b", 2), ("a", 3)])
            }
        }
        let mut out = b"before".to_vec();
        assert_eq!(value(&[Twice], &mut out), Err(ValueError::Duplicate("a".into())));
        assert_eq!(out, b"before");
    }

    #[test]
    fn depth_is_bounded() {
        #[derive(Serialize)]
        struct Nested(Vec<Nested>);
        let nest = |depth| (1..depth).fold(Nested(Vec::new()), |inner, _| Nested(vec![inner]));
        assert_eq!(written(&nest(64)), Ok("[".repeat(64) + &"]".repeat(64)));
        assert_eq!(written(&nest(65)), Err(ValueError::Depth));
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Into::into),
            proptest::num::f64::NORMAL.prop_map(Into::into),
            "\\PC{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::hash_map(".{0,3}|[\u{E000}-\u{10FFFF}]", inner, 0..6)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn trees_are_as_another_implementation_writes_them(tree in json()) {
            let ours = written(&tree).unwrap();
            prop_assert_eq!(&ours, &serde_json_canonicalizer::to_string(&tree).unwrap());
            prop_assert_eq!(super::super::scan::Scanner::new(&ours).value(), Ok(ours.as_str()));
        }
    }
}
