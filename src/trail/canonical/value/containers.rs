//! Arrays and objects, as they are written.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser;

use super::names::NameWriter;
use super::{Result, ValueError, ValueWriter};
use crate::trail::canonical::{member_order, write};

pub(super) struct Sequence<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) deeper: usize,
    pub(super) empty: bool,
    pub(super) variant: bool,
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
pub(super) struct Members<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) start: usize,
    pub(super) deeper: usize,
    /// Each one's name and where its comma stands.
    pub(super) met: Vec<(Cow<'static, str>, usize)>,
    pub(super) variant: bool,
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
