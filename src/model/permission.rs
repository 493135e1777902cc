//! What a token may do.

use super::ResourceId;
use std::fmt;

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Looking at it, or at the points in it.
    Read,
    /// Changing it, or the points in it.
    Write,
}

/// One thing that a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// What.
    pub access: Access,
    /// To which kind of resource, in the API's word, such as `buckets`.
    pub resource: String,
    /// To which one; `None` for all of the organization, also those to come.
    pub id: Option<ResourceId>,
}

/// Everything a token may do in an organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(pub Vec<Permission>);

/// Which resources something is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// One that is not there yet.
    New,
    /// The one with this id.
    One(&'a ResourceId),
    /// One whose id is not known.
    Some,
}

impl Permissions {
    /// Tells whether the token may do this. True where it cannot be told for want of an id.
    pub fn allow(&self, access: Access, resource: &str, which: Which<'_>) -> bool {
        self.0.iter().filter(|held| held.access == access && held.resource == resource).any(|held| {
            match (&held.id, which) {
                (None, _) | (Some(_), Which::Some) => true,
                (Some(held), Which::One(id)) => held == id,
                (Some(_), Which::New) => false,
            }
        })
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_for_one_bucket_is_none_for_another_or_a_new_one() {
        let (one, two) = (ResourceId("01".to_owned()), ResourceId("02".to_owned()));
        let held = |id| Permission { access: Access::Write, resource: "buckets".to_owned(), id };
        let scoped = Permissions(vec![held(Some(one.clone()))]);
        assert!(scoped.allow(Access::Write, "buckets", Which::One(&one)));
        assert!(scoped.allow(Access::Write, "buckets", Which::Some));
        assert!(!scoped.allow(Access::Write, "buckets", Which::One(&two)));
        assert!(!scoped.allow(Access::Write, "buckets", Which::New));
        assert!(!scoped.allow(Access::Read, "buckets", Which::One(&one)));
        assert!(!scoped.allow(Access::Write, "dbrp", Which::One(&one)));
        let all = Permissions(vec![held(None)]);
        assert!(all.allow(Access::Write, "buckets", Which::New));
        assert!(!Permissions::default().allow(Access::Write, "buckets", Which::Some));
    }
}
