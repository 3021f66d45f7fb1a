//! Builds the description of a flag, from its definition or from a bundle.

use crate::bundle::{Bundle, Flag};
use crate::model;
use crate::report::flags::dependants::Dependants;
use crate::report::flags::json::{CompiledJson, DefinitionJson, FlagDetailsJson, FlagJson, FlagStateJson, LinkJson};
use crate::snapshot::Snapshot;

/// Describes a flag by its definition, and by its state and its kill in each environment.
pub fn written_flag<'f>(
    flag: &'f model::Flag,
    kills: &[model::Kill],
    snapshot: &'f Snapshot,
    environments: &[Bundle],
    dependants: &Dependants<'f>,
) -> FlagJson<'f> {
    let file = snapshot.file(flag.file);
    let definition = DefinitionJson {
        path: &file.path,
        description: flag.description.as_ref().map(|text| text.value.as_str()),
        kind: flag.kind(),
        owner: flag.owner.as_ref().map(|owner| owner.value.as_str()),
        expires: flag.expires.as_ref().map(|day| day.value.to_string()),
        tags: flag.tags.iter().map(|tag| tag.value.as_str()).collect(),
        links: LinkJson::list(flag),
        metadata: flag.metadata.iter().map(|(key, value)| (key.value.clone(), value.to_json())).collect(),
        client: flag.client.as_ref().is_some_and(|client| client.value),
        text: file.content(),
    };
    let state = |bundle: &Bundle| {
        let kill = kills.iter().find(|kill| kill.flag == flag.key && *kill.environment == *bundle.environment);
        let evidence = kill.iter().flat_map(|kill| &kill.evidence);
        let evidence = evidence.map(|(name, fact)| (name.value.clone(), fact.to_json())).collect();
        FlagStateJson { evidence, ..FlagStateJson::new(bundle, &flag.key) }
    };
    FlagJson {
        flag: &flag.key,
        details: FlagDetailsJson::Definition(definition),
        environments: environments.iter().map(state).collect(),
        dependants: dependants.of(&flag.key),
        drift: None,
    }
}

/// Describes a flag by its compiled form in a bundle.
pub fn compiled_flag<'f>(bundle: &'f Bundle, flag: &'f Flag, dependants: &Dependants<'f>) -> FlagJson<'f> {
    FlagJson {
        flag: &flag.key,
        details: FlagDetailsJson::Compiled(CompiledJson::new(bundle, flag)),
        environments: vec![FlagStateJson::new(bundle, &flag.key)],
        dependants: dependants.of(&flag.key),
        drift: None,
    }
}
