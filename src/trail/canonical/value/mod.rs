//! Any [`serde::Serialize`] as canonical JSON, its numbers by the rules of the format.

mod containers;
mod names;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;
use serde::ser;

use self::containers::{Members, Sequence};
use super::write;

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
