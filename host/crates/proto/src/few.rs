//! Lists that mostly have one item, and bytes that are mostly few: those lie where the list is,
//! because a run may have a million of them, and each allocation takes 32 bytes at least.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A list. A single item needs no memory elsewhere, nor does an empty list. It is written like any
/// other list.
#[derive(Clone)]
pub struct Few<T>(List<T>);

#[derive(Clone)]
enum List<T> {
    One(T),
    Others(Box<[T]>),
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(List::Others(Box::default()))
    }
}

impl<T> Few<T> {
    /// A list of one.
    pub const fn one(item: T) -> Self {
        Self(List::One(item))
    }

    /// The items as a vector, to be added to.
    pub fn into_vec(self) -> Vec<T> {
        match self.0 {
            List::One(item) => vec![item],
            List::Others(items) => items.into_vec(),
        }
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(mut items: Vec<T>) -> Self {
        match (items.pop(), items.is_empty()) {
            (Some(item), true) => Self::one(item),
            (last, _) => {
                items.extend(last);
                Self(List::Others(items.into()))
            }
        }
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut items = items.into_iter();
        let Some(first) = items.next() else { return Self::default() };
        let Some(second) = items.next() else { return Self::one(first) };
        Self(List::Others([first, second].into_iter().chain(items).collect()))
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            List::One(item) => std::slice::from_ref(item),
            List::Others(items) => items,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            List::One(item) => std::slice::from_mut(item),
            List::Others(items) => items,
        }
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Few<T> {}

impl<T: PartialEq, const N: usize> PartialEq<[T; N]> for Few<T> {
    fn eq(&self, other: &[T; N]) -> bool {
        **self == *other
    }
}

impl<T: fmt::Debug> fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: Serialize> Serialize for Few<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

/// So many bytes lie in [`FewBytes`] itself.
const INLINE_BYTES: usize = 22;

/// Bytes, up to 22 of them without memory elsewhere. They are written like any other bytes.
#[derive(Clone)]
pub struct FewBytes(Bytes);

#[derive(Clone)]
enum Bytes {
    Inline(u8, [u8; INLINE_BYTES]),
    Boxed(Box<[u8]>),
}

const _: () = assert!(size_of::<FewBytes>() == size_of::<Vec<u8>>());

impl FewBytes {
    /// The bytes as a vector; many are not copied.
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Bytes::Boxed(bytes) => bytes.into_vec(),
            Bytes::Inline(..) => self.to_vec(),
        }
    }

    fn inline(bytes: &[u8]) -> Option<Self> {
        let mut inline = [0; INLINE_BYTES];
        inline.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self(Bytes::Inline(bytes.len() as u8, inline)))
    }
}

impl From<&[u8]> for FewBytes {
    fn from(bytes: &[u8]) -> Self {
        Self::inline(bytes).unwrap_or_else(|| Self(Bytes::Boxed(bytes.into())))
    }
}

impl From<Vec<u8>> for FewBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::inline(&bytes).unwrap_or_else(|| Self(Bytes::Boxed(bytes.into())))
    }
}

impl Deref for FewBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Inline(len, bytes) => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Bytes::Boxed(bytes) => bytes,
        }
    }
}

impl PartialEq for FewBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for FewBytes {}

impl fmt::Debug for FewBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl Serialize for FewBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self)
    }
}

impl<'de> Deserialize<'de> for FewBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_bytes::deserialize::<Vec<u8>, D>(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: however many items there are, they come back from whatever they were made of, and are
    /// written as a vector is.
    #[test]
    fn a_list_is_like_a_vector() {
        for len in 0..5_u32 {
            let plain: Vec<u32> = (0..len).collect();
            let mut few = Few::from(plain.clone());
            assert_eq!((&*few, few.clone().into_vec()), (&*plain, plain.clone()));
            assert_eq!(few, plain.iter().copied().collect::<Few<u32>>());
            let bytes = postcard::to_stdvec(&plain).unwrap();
            assert_eq!(postcard::to_stdvec(&few).unwrap(), bytes);
            assert_eq!(postcard::from_bytes::<Few<u32>>(&bytes).unwrap(), few);
            few.iter_mut().for_each(|item| *item += 1);
            assert!(few.iter().eq(&(1..=len).collect::<Vec<_>>()));
        }
    }

    /// Goal: the same of bytes, on both sides of what lies inline.
    #[test]
    fn bytes_are_like_a_vector_of_them() {
        for len in [0, 1, INLINE_BYTES - 1, INLINE_BYTES, INLINE_BYTES + 1, 300] {
            let plain: Vec<u8> = (0..len).map(|n| n as u8).collect();
            let few = FewBytes::from(plain.clone());
            assert_eq!((&*few, few.clone().into_vec()), (&*plain, plain.clone()));
            assert_eq!(few, FewBytes::from(&*plain));
            assert_eq!(matches!(few.0, Bytes::Inline(..)), len <= INLINE_BYTES);
            let bytes = postcard::to_stdvec(serde_bytes::Bytes::new(&plain)).unwrap();
            assert_eq!(postcard::to_stdvec(&few).unwrap(), bytes);
            assert_eq!(postcard::from_bytes::<FewBytes>(&bytes).unwrap(), few);
        }
    }
}
