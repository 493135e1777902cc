//! Between the document and the plan's own types.

use super::{
    BucketPart, BucketSides, DbrpPart, DbrpSides, FindingPart, NeedPart, PlacePart, RangePart, StepPart,
    SubjectPart, TransferPart, VerifyPart,
};
use crate::manifest::{Place, VerifyMethod};
use crate::model::{
    Bucket, BucketName, Database, Dbrp, Kind, Origin, ResourceId, Retention, RetentionPolicy, TimeRange,
    Timestamp,
};
use crate::plan::{Action, Address, Change, Diff, Need, Refusal, Step, Subject, Transfer, Verify, Warning};

impl From<&Subject> for SubjectPart {
    fn from(subject: &Subject) -> Self {
        Self {
            name: subject.name.clone(),
            manifest: subject.manifest.clone(),
            manifest_digest: subject.manifest_digest.clone(),
            url: subject.url.clone(),
            org: subject.org.clone(),
            org_id: subject.org_id.to_string(),
            kind: subject.kind.to_string(),
        }
    }
}

impl TryFrom<SubjectPart> for Subject {
    type Error = String;

    fn try_from(part: SubjectPart) -> Result<Self, String> {
        let kind = [Kind::CloudTsm, Kind::CloudServerless, Kind::OssV2]
            .into_iter()
            .find(|kind| kind.as_str() == part.kind)
            .ok_or_else(|| format!("unknown kind of target `{}`", part.kind))?;
        Ok(Self {
            name: part.name,
            manifest: part.manifest,
            manifest_digest: part.manifest_digest,
            url: part.url,
            org: part.org,
            org_id: ResourceId(part.org_id),
            kind,
        })
    }
}

impl From<&Step> for StepPart {
    fn from(step: &Step) -> Self {
        let mut part = Self {
            address: step.address.to_string(),
            action: step.change.action(),
            reason: step.reason.clone(),
            risks: step.risks.clone(),
            bucket: None,
            dbrp: None,
            transfer: None,
            verify: None,
            needs: step.needs.iter().map(NeedPart::from).collect(),
            place: step.place.as_ref().map(PlacePart::from),
        };
        match &step.change {
            Change::Bucket(diff) => {
                let (before, after) = sides(diff, BucketPart::from);
                part.bucket = Some(BucketSides { before, after });
            }
            Change::Dbrp(diff) => {
                let (before, after) = sides(diff, DbrpPart::from);
                part.dbrp = Some(DbrpSides { before, after });
            }
            Change::Transfer(transfer) => part.transfer = Some(transfer.into()),
            Change::Verify(verify) => part.verify = Some(verify.into()),
        }
        part
    }
}

/// Returns both sides; one that stays as it is has only `after`.
fn sides<'a, T, P: From<&'a T>>(diff: &'a Diff<T>, part: fn(&'a T) -> P) -> (Option<P>, Option<P>) {
    let before = if let Diff::Keep(_) = diff { None } else { diff.before() };
    (before.map(part), diff.after().map(part))
}

fn diff<T>(action: Action, before: Option<T>, after: Option<T>) -> Option<Diff<T>> {
    Some(match (action, before, after) {
        (Action::NoOp, None, Some(after)) => Diff::Keep(after),
        (Action::Create, None, Some(after)) => Diff::Create(after),
        (Action::Adopt, Some(before), Some(after)) => Diff::Adopt { before, after },
        (Action::Update, Some(before), Some(after)) => Diff::Update { before, after },
        (Action::Replace, Some(before), Some(after)) => Diff::Replace { before, after },
        (Action::Delete, Some(before), None) => Diff::Delete(before),
        _ => return None,
    })
}

impl TryFrom<StepPart> for Step {
    type Error = String;

    fn try_from(part: StepPart) -> Result<Self, String> {
        let address: Address = part.address.parse()?;
        let wrong = || format!("the step `{address}` contradicts itself");
        let change = match (part.bucket, part.dbrp, part.transfer, part.verify) {
            (Some(BucketSides { before, after }), None, None, None) => {
                let (before, after) = (before.map(Bucket::try_from), after.map(Bucket::try_from));
                Change::Bucket(diff(part.action, before.transpose()?, after.transpose()?).ok_or_else(wrong)?)
            }
            (None, Some(DbrpSides { before, after }), None, None) => {
                let (before, after) = (before.map(Dbrp::from), after.map(Dbrp::from));
                Change::Dbrp(diff(part.action, before, after).ok_or_else(wrong)?)
            }
            (None, None, Some(transfer), None) => Change::Transfer(transfer.try_into()?),
            (None, None, None, Some(verify)) => Change::Verify(verify.try_into()?),
            _ => return Err(wrong()),
        };
        if change.action() != part.action || address_of(&change).as_ref() != Some(&address) {
            return Err(wrong());
        }
        let needs = part.needs.into_iter().map(Need::try_from).collect::<Result<_, _>>()?;
        let place = part.place.map(Place::from);
        Ok(Self { address, change, needs, reason: part.reason, risks: part.risks, place })
    }
}

/// Returns the address that a change belongs to.
fn address_of(change: &Change) -> Option<Address> {
    Some(match change {
        Change::Bucket(diff) => Address::Bucket(diff.after().or(diff.before())?.name.clone()),
        Change::Dbrp(diff) => Address::Dbrp(diff.after().or(diff.before())?.origin()),
        Change::Transfer(transfer) => Address::Transfer(transfer.origin.clone()),
        Change::Verify(verify) => Address::Verify(verify.origin.clone()),
    })
}

impl From<&Bucket> for BucketPart {
    fn from(bucket: &Bucket) -> Self {
        Self {
            name: bucket.name.to_string(),
            id: bucket.id.as_ref().map(ToString::to_string),
            retention: bucket.retention.to_string(),
            description: bucket.description.clone(),
        }
    }
}

impl TryFrom<BucketPart> for Bucket {
    type Error = String;

    fn try_from(part: BucketPart) -> Result<Self, String> {
        Ok(Self {
            name: BucketName(part.name),
            id: part.id.map(ResourceId),
            retention: Retention::parse(&part.retention)?,
            description: part.description,
        })
    }
}

impl From<&Dbrp> for DbrpPart {
    fn from(dbrp: &Dbrp) -> Self {
        Self {
            id: dbrp.id.as_ref().map(ToString::to_string),
            database: dbrp.database.to_string(),
            retention_policy: dbrp.retention_policy.to_string(),
            bucket: dbrp.bucket.to_string(),
            default: dbrp.default,
        }
    }
}

impl From<DbrpPart> for Dbrp {
    fn from(part: DbrpPart) -> Self {
        Self {
            id: part.id.map(ResourceId),
            database: Database(part.database),
            retention_policy: RetentionPolicy(part.retention_policy),
            bucket: BucketName(part.bucket),
            default: part.default,
        }
    }
}

impl From<&Transfer> for TransferPart {
    fn from(transfer: &Transfer) -> Self {
        Self {
            database: transfer.origin.database.to_string(),
            retention_policy: transfer.origin.retention_policy.to_string(),
            bucket: transfer.bucket.to_string(),
            range: transfer.range.into(),
            files: transfer.files.clone(),
            parts: transfer.parts,
            fingerprint: transfer.fingerprint.clone(),
            bytes: transfer.bytes,
            held: transfer.held.map(RangePart::from),
            settings: transfer.settings.clone(),
            progress: transfer.progress,
        }
    }
}

impl TryFrom<TransferPart> for Transfer {
    type Error = String;

    fn try_from(part: TransferPart) -> Result<Self, String> {
        Ok(Self {
            origin: Origin::new(part.database, part.retention_policy),
            bucket: BucketName(part.bucket),
            range: part.range.try_into()?,
            files: part.files,
            parts: part.parts,
            fingerprint: part.fingerprint,
            bytes: part.bytes,
            held: part.held.map(TimeRange::try_from).transpose()?,
            settings: part.settings,
            progress: part.progress,
        })
    }
}

impl From<&Verify> for VerifyPart {
    fn from(verify: &Verify) -> Self {
        let method = match verify.method {
            VerifyMethod::Counts => "counts",
            VerifyMethod::None => "none",
        };
        Self {
            database: verify.origin.database.to_string(),
            retention_policy: verify.origin.retention_policy.to_string(),
            bucket: verify.bucket.to_string(),
            range: verify.range.into(),
            window: verify.window,
            on_type_conflict: verify.on_type_conflict,
            method: method.to_owned(),
            done: verify.done,
        }
    }
}

impl TryFrom<VerifyPart> for Verify {
    type Error = String;

    fn try_from(part: VerifyPart) -> Result<Self, String> {
        let method = match part.method.as_str() {
            "counts" => VerifyMethod::Counts,
            "none" => VerifyMethod::None,
            other => return Err(format!("unknown way to compare, `{other}`")),
        };
        Ok(Self {
            origin: Origin::new(part.database, part.retention_policy),
            bucket: BucketName(part.bucket),
            range: part.range.try_into()?,
            window: part.window,
            on_type_conflict: part.on_type_conflict,
            method,
            done: part.done,
        })
    }
}

impl From<TimeRange> for RangePart {
    fn from(range: TimeRange) -> Self {
        let all = TimeRange::ALL;
        Self {
            start: (range.start != all.start).then(|| range.start.to_string()),
            end: (range.end != all.end).then(|| range.end.to_string()),
        }
    }
}

impl TryFrom<RangePart> for TimeRange {
    type Error = String;

    fn try_from(part: RangePart) -> Result<Self, String> {
        let side = |text: Option<String>, none| text.map_or(Ok(none), |text| Timestamp::parse(&text));
        Ok(Self { start: side(part.start, Self::ALL.start)?, end: side(part.end, Self::ALL.end)? })
    }
}

impl From<&Need> for NeedPart {
    fn from(need: &Need) -> Self {
        Self { address: need.address.to_string(), why: need.why.clone() }
    }
}

impl TryFrom<NeedPart> for Need {
    type Error = String;

    fn try_from(part: NeedPart) -> Result<Self, String> {
        Ok(Self { address: part.address.parse()?, why: part.why })
    }
}

impl From<&Warning> for FindingPart {
    fn from(warning: &Warning) -> Self {
        Self {
            code: warning.code.clone(),
            address: warning.address.as_ref().map(ToString::to_string),
            message: warning.message.clone(),
            help: String::new(),
            place: warning.place.as_ref().map(PlacePart::from),
        }
    }
}

impl TryFrom<FindingPart> for Warning {
    type Error = String;

    fn try_from(part: FindingPart) -> Result<Self, String> {
        let address = part.address.map(|text| text.parse()).transpose()?;
        Ok(Self { code: part.code, address, message: part.message, place: part.place.map(Place::from) })
    }
}

impl From<&Refusal> for FindingPart {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code.clone(),
            address: refusal.address.as_ref().map(ToString::to_string),
            message: refusal.message.clone(),
            help: refusal.help.clone(),
            place: refusal.place.as_ref().map(PlacePart::from),
        }
    }
}

impl TryFrom<FindingPart> for Refusal {
    type Error = String;

    fn try_from(part: FindingPart) -> Result<Self, String> {
        let address = part.address.map(|text| text.parse()).transpose()?;
        let place = part.place.map(Place::from);
        Ok(Self { code: part.code, address, message: part.message, help: part.help, place })
    }
}

impl From<&Place> for PlacePart {
    fn from(place: &Place) -> Self {
        let Place { file, line, column, start, end } = place;
        Self { file: file.clone(), line: *line, column: *column, start: *start, end: *end }
    }
}

impl From<PlacePart> for Place {
    fn from(part: PlacePart) -> Self {
        let PlacePart { file, line, column, start, end } = part;
        Self { file, line, column, start, end }
    }
}
