//! The fields of a flag's file that make its definition in one environment that of another.
//!
//! The input is a flag and two environments. The output is a list of changes of the fields of the second environment, and
//! notes about what is not carried. A field of the second environment is removed if the field for all environments, or
//! for a group, has the wanted value. Otherwise it is written to the entry of the environment.
//!
//! **Invariant:** only entries of the second environment are changed, so no other environment changes.

use crate::actions::error::ActionError;
use crate::bundle::Percent;
use crate::edit;
use crate::edit::{Refusal, Step};
use crate::model::{EffectiveRule, Flag, Settings};
use crate::yaml::{Node, Value};

/// Whether the shares of rules and splits are carried, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharePolicy {
    /// The second environment keeps its shares.
    Keep,
    /// The second environment gets the shares of the first.
    Carry,
}

/// Something that a promotion does not carry, or carries in another form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromoteNote {
    /// The rule is new, so its rollout begins at 0 %.
    BeginsAtZero(String),
    /// The rule keeps its share, which differs from that of the first environment.
    KeepsShare {
        /// The name of the rule.
        rule: String,
        /// The share in the second environment.
        kept: Percent,
        /// The share in the first environment.
        left: Percent,
    },
    /// The rule keeps the shares of its split, which differ from those of the first environment.
    KeepsSplit(String),
    /// The split of the rule is new, so its shares are carried.
    CarriesSplit(String),
    /// The first environment has a kill, which is not carried.
    LeavesKill,
}

/// A step on the path to a field.
#[derive(Debug, Clone)]
enum FieldStep {
    Key(String),
    Index(usize),
}

/// A change of one field.
#[derive(Debug, Clone)]
enum FieldChange {
    Put(Vec<FieldStep>, Value),
    Prune(Vec<FieldStep>),
}

/// The changes of a flag's file.
#[derive(Debug, Clone, Default)]
pub(super) struct FieldChanges(Vec<FieldChange>);

impl FieldChanges {
    /// Makes the changes in a text of the file.
    ///
    /// # Errors
    /// Returns [`Refusal`] if the layout of the file does not allow a change.
    pub(super) fn apply(&self, text: &str) -> Result<String, Refusal> {
        self.0.iter().try_fold(text.to_owned(), |text, change| match change {
            FieldChange::Put(path, value) => edit::put(&text, &steps(path), value),
            FieldChange::Prune(path) => edit::prune(&text, &steps(path)),
        })
    }
}

fn steps(path: &[FieldStep]) -> Vec<Step<'_>> {
    let step = |step| match step {
        &FieldStep::Index(index) => Step::Index(index),
        FieldStep::Key(key) => Step::Key(key),
    };
    path.iter().map(step).collect()
}

fn joined<'k>(path: &[FieldStep], keys: impl IntoIterator<Item = &'k str>) -> Vec<FieldStep> {
    path.iter().cloned().chain(keys.into_iter().map(|key| FieldStep::Key(key.to_owned()))).collect()
}

/// The promotion of one flag from an environment to another.
pub(super) struct Promotion<'p> {
    pub(super) flag: &'p Flag,
    pub(super) settings: &'p Settings,
    pub(super) from: &'p str,
    pub(super) to: &'p str,
    pub(super) shares: SharePolicy,
    root: Node,
    changes: FieldChanges,
    notes: Vec<PromoteNote>,
}

impl<'p> Promotion<'p> {
    /// Prepares a promotion. `text` is the text of the flag's file.
    ///
    /// # Errors
    /// Returns [`Refusal`] if the text has errors.
    pub(super) fn new(
        flag: &'p Flag,
        text: &str,
        settings: &'p Settings,
        environments: [&'p str; 2],
        shares: SharePolicy,
    ) -> Result<Self, Refusal> {
        let [from, to] = environments;
        let (root, changes) = (edit::parse(text)?, FieldChanges::default());
        Ok(Self { flag, settings, from, to, shares, root, changes, notes: Vec::new() })
    }

    /// Returns the changes and the notes.
    ///
    /// # Errors
    /// Returns [`ActionError::CannotCarry`] if no field of the second environment alone can have the wanted effect.
    pub(super) fn plan(mut self) -> Result<(FieldChanges, Vec<PromoteNote>), ActionError> {
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let defaults = [
            ("enabled", Some(Value::Boolean(true))),
            ("off", None),
            ("default", None),
            ("unit", text(crate::bundle::TARGETING_KEY)),
            ("salt", text(&self.flag.key)),
            ("requires", Some(Value::Map(Vec::new()))),
        ];
        for (field, default) in defaults {
            let wanted = self.value(&[], self.from, field);
            self.align(&[], field, default, wanted)?;
        }
        self.rules()?;
        Ok((self.changes, self.notes))
    }

    /// Returns the value of a field in an environment. `base` is the path of the flag or of a rule.
    fn value(&self, base: &[FieldStep], environment: &str, field: &str) -> Option<Value> {
        self.own(base, environment, field).or_else(|| self.inherited(base, environment, field))
    }

    fn own(&self, base: &[FieldStep], environment: &str, field: &str) -> Option<Value> {
        self.at(&joined(base, ["environments", environment, field]))
    }

    /// Returns the value of a field that an environment has without its own entry.
    fn inherited(&self, base: &[FieldStep], environment: &str, field: &str) -> Option<Value> {
        let groups = self.settings.groups.iter().filter(|group| group.contains(environment));
        let mut groups = groups.map(|group| self.at(&joined(base, ["environments", &group.name.value, field])));
        groups.find_map(|value| value).or_else(|| self.at(&joined(base, [field])))
    }

    fn at(&self, path: &[FieldStep]) -> Option<Value> {
        edit::node_at(&self.root, &steps(path)).map(|node| node.value.clone())
    }

    /// Gives a field the wanted value in the second environment.
    fn align(
        &mut self,
        base: &[FieldStep],
        field: &str,
        default: Option<Value>,
        wanted: Option<Value>,
    ) -> Result<(), ActionError> {
        let is_wanted = |value: Option<Value>| {
            edit::same_value(value.or_else(|| default.clone()).as_ref(), wanted.as_ref().or(default.as_ref()))
        };
        if is_wanted(self.value(base, self.to, field)) {
            return Ok(());
        }
        let path = joined(base, ["environments", self.to, field]);
        if is_wanted(self.inherited(base, self.to, field)) {
            self.changes.0.push(FieldChange::Prune(path));
            return Ok(());
        }
        let value = wanted.or(default).ok_or_else(|| ActionError::CannotCarry {
            flag: self.flag.key.clone(),
            problem: format!("a group of `{}` has `{field}`, which `{}` has not", self.to, self.from),
        })?;
        self.changes.0.push(FieldChange::Put(path, value));
        Ok(())
    }

    fn rules(&mut self) -> Result<(), ActionError> {
        let flag = self.flag;
        let [from, to] = [self.from, self.to].map(|name| self.settings.names_of(name));
        let (source_owner, source) = flag.rule_list(&from);
        let (owner, present) = flag.rule_list(&to);
        let owner_name = |owner: Option<&crate::snapshot::Spanned<String>>| owner.map(|name| name.value.clone());
        let (source_owner, owner) = (owner_name(source_owner), owner_name(owner));
        let has_own_list = owner.as_deref() == Some(self.to);
        let source_path = list_path(source_owner.as_deref());
        let present: Vec<EffectiveRule<'p>> =
            present.iter().enumerate().map(|(index, rule)| rule.effective(index, &to)).collect();
        let source: Vec<EffectiveRule<'p>> =
            source.iter().enumerate().map(|(index, rule)| rule.effective(index, &from)).collect();
        let named = |name: &str| present.iter().find(|rule| rule.name() == name);
        let inherits_source = || {
            let groups = self.settings.groups.iter().filter(|group| group.contains(self.to));
            let mut groups = groups.map(|group| &group.name.value);
            let inherited = groups.find(|name| self.at(&joined(&list_path(Some(name)), [])).is_some());
            inherited == source_owner.as_ref()
        };
        if source_owner == owner {
            for rule in &source {
                self.rule(&source_path, rule, present.get(rule.written_index))?;
            }
        } else if has_own_list && inherits_source() {
            self.changes.0.push(FieldChange::Prune(list_path(owner.as_deref())));
            for rule in &source {
                self.rule(&source_path, rule, named(&rule.name()))?;
            }
        } else {
            let mut items = Vec::new();
            for rule in source.iter().filter(|rule| rule.is_enabled()) {
                items.push(self.copied_rule(&source_path, rule, named(&rule.name())));
            }
            let path = list_path(Some(self.to));
            let list = edit::list(items);
            if !edit::same_value(self.at(&path).as_ref(), Some(&list)) {
                self.changes.0.push(FieldChange::Put(path, list));
            }
            // The other list is not used any more, so an entry in its rules would have no effect.
            let list = list_path(owner.as_deref());
            for rule in present.iter().filter(|_| !has_own_list) {
                let entry = joined(&item(&list, rule.written_index), ["environments", self.to]);
                if self.at(&entry).is_some() {
                    self.changes.0.push(FieldChange::Prune(entry));
                }
            }
        }
        Ok(())
    }

    /// Gives a rule of a list that both environments use the wanted fields in the second environment. `present` is the
    /// rule of the second environment that it replaces.
    fn rule(
        &mut self,
        list: &[FieldStep],
        rule: &EffectiveRule<'_>,
        present: Option<&EffectiveRule<'_>>,
    ) -> Result<(), ActionError> {
        let path = item(list, rule.written_index);
        let all = || Some(Value::Text(Percent::ALL.to_string()));
        let wanted = self.value(&path, self.from, "enabled");
        self.align(&path, "enabled", Some(Value::Boolean(true)), wanted)?;
        if !rule.is_enabled() {
            return Ok(());
        }
        let fields = self.shares(&path, rule, present);
        let wanted = self.value(&path, self.from, "if");
        self.align(&path, "if", None, wanted)?;
        self.align(&path, "serve", None, fields.serve)?;
        self.align(&path, "rollout", all(), fields.rollout)?;
        self.align(&path, "steps", None, fields.steps)
    }

    /// Returns a copy of a rule for a list that only the second environment uses.
    fn copied_rule(
        &mut self,
        list: &[FieldStep],
        rule: &EffectiveRule<'_>,
        present: Option<&EffectiveRule<'_>>,
    ) -> Value {
        let path = item(list, rule.written_index);
        let fields = self.shares(&path, rule, present);
        let condition = self.value(&path, self.from, "if");
        let written = edit::node_at(&self.root, &steps(&path)).map_or(&[][..], Node::entries);
        let own = ["enabled", "if", "rollout", "steps", "serve", "environments"];
        let others = written.iter().filter(|entry| !own.contains(&entry.key.as_str()));
        let mut pairs: Vec<(String, Value)> =
            others.map(|entry| (entry.key.clone(), entry.value.value.clone())).collect();
        let own = [("if", condition), ("rollout", fields.rollout), ("steps", fields.steps), ("serve", fields.serve)];
        pairs.extend(own.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        edit::mapping(pairs)
    }

    /// Returns the fields with shares that a rule has afterwards. Adds notes about shares that are not carried.
    fn shares(
        &mut self,
        path: &[FieldStep],
        rule: &EffectiveRule<'_>,
        present: Option<&EffectiveRule<'_>>,
    ) -> ShareFields {
        let source = |field| self.value(path, self.from, field);
        let [rollout, steps, serve] = ["rollout", "steps", "serve"].map(source);
        let source = ShareFields { rollout, steps, serve };
        if self.shares == SharePolicy::Carry {
            return source;
        }
        let is_split = |value: &Option<Value>| matches!(value, Some(Value::Map(_)));
        let name = rule.name();
        let Some(present) = present.filter(|present| present.is_enabled()) else {
            if is_split(&source.serve) {
                self.notes.push(PromoteNote::CarriesSplit(name.clone()));
            }
            if source.rollout.is_none() && source.steps.is_none() {
                return source;
            }
            self.notes.push(PromoteNote::BeginsAtZero(name));
            return ShareFields { rollout: Some(Value::Text(Percent::ZERO.to_string())), ..source };
        };
        if present.share() != rule.share() {
            self.notes.push(PromoteNote::KeepsShare { rule: name.clone(), kept: present.share(), left: rule.share() });
        }
        let value = |field| self.present_value(present, field);
        let [rollout, steps, kept_serve] = ["rollout", "steps", "serve"].map(value);
        let serve = if has_same_variants(&source.serve, &kept_serve) {
            if !edit::same_value(source.serve.as_ref(), kept_serve.as_ref()) {
                self.notes.push(PromoteNote::KeepsSplit(name));
            }
            kept_serve
        } else {
            if is_split(&source.serve) {
                self.notes.push(PromoteNote::CarriesSplit(name));
            }
            source.serve
        };
        ShareFields { rollout, steps: steps.or(source.steps), serve }
    }

    /// Returns a field of a rule that the second environment has now.
    fn present_value(&self, present: &EffectiveRule<'_>, field: &str) -> Option<Value> {
        let owner = self.flag.rule_list(&self.settings.names_of(self.to)).0.map(|name| name.value.as_str());
        self.value(&item(&list_path(owner), present.written_index), self.to, field)
    }
}

/// The fields of a rule that have shares.
struct ShareFields {
    rollout: Option<Value>,
    steps: Option<Value>,
    serve: Option<Value>,
}

/// Returns whether two values of `serve` are splits between the same variants.
fn has_same_variants(left: &Option<Value>, right: &Option<Value>) -> bool {
    let variants = |value: &Option<Value>| match value {
        Some(Value::Map(entries)) => {
            Some(entries.iter().map(|entry| entry.key.clone()).collect::<std::collections::BTreeSet<_>>())
        }
        _ => None,
    };
    variants(left).is_some() && variants(left) == variants(right)
}

/// Returns the path of the list of rules of an environment or group, or of the list for all environments.
fn list_path(owner: Option<&str>) -> Vec<FieldStep> {
    let own = owner.into_iter().flat_map(|name| ["environments", name]);
    joined(&[], own.chain(["rules"]))
}

fn item(list: &[FieldStep], index: usize) -> Vec<FieldStep> {
    list.iter().cloned().chain([FieldStep::Index(index)]).collect()
}
