//! Connects statements to a formula that means a region.
//!
//! The input is the facts of a region. The output is the cheapest of three formulas:
//!
//! - statements that all hold in the region: `country eq "DE" and plan eq "pro"`;
//! - these, and one of several groups of statements: `country eq "DE" and (plan eq "pro" or groups has "staff")`;
//! - these, except for some groups of statements: `country eq "DE" unless (plan eq "pro" and groups has "staff")`.
//!
//! A group is found like a prime implicant: the search takes a context, and finds the cheapest statements about it that
//! leave no context of the other kind. If the budget is exceeded, the facts themselves are the description.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::description::candidates::{Candidate, Candidates, cost, formula_of_query, narrowness};
use crate::analyze::description::cheapest::{MAX_STATEMENTS, cheapest};
use crate::analyze::description::facts::{Facts, UnitFacts};
use crate::analyze::description::list_candidates;
use crate::analyze::description::questions::{ask, is_impossible};
use crate::analyze::encoding::domain::DomainEncoding;
use crate::analyze::error::AnalysisError;
use crate::analyze::results::formula::Formula;
use crate::analyze::results::term::Term;
use crate::analyze::search::bucket_partition::QueriedFact;
use crate::analyze::search::context_search::{Search, SearchResult};
use crate::analyze::search::solver::Literal;

/// The maximum number of conflicts of the solver for one description.
const MAX_CONFLICTS: u64 = 5_000;
/// The maximum number of groups of statements in a description.
const MAX_GROUPS: usize = 6;
/// The cost of a formula with so few terms that no other formula is tried.
const CHEAP: u32 = 200;

/// The description of a region.
pub(crate) struct Description {
    pub(crate) condition: Formula,
    /// The known facts about units.
    pub(crate) units: Vec<Term>,
}

/// Describes a region.
///
/// # Errors
/// Returns an [`AnalysisError`] if the analysis contradicts itself.
pub(crate) fn describe<'b>(search: &mut Search<'b>, facts: &Facts<'_, 'b>) -> Result<Description, AnalysisError> {
    let mut assumptions = unit_is_in_classes(search, facts.classes);
    let (mut region, mut units, mut described) = (Vec::new(), Vec::new(), Vec::new());
    for (query, sign) in facts.queries.iter().zip(facts.signs) {
        let Some(formula) = formula_of_query(search, query) else { continue };
        let literal = query.literal.apply_sign(*sign);
        region.push(literal);
        match formula {
            Formula::Term(term)
                if *sign && facts.units == UnitFacts::Known && matches!(query.fact, QueriedFact::HasUnit(_)) =>
            {
                assumptions.push(literal);
                units.push(term);
            }
            formula => described.push(if *sign { formula } else { formula.negated() }),
        }
    }
    let all = Formula::all(described);
    let region = search.encoder.solver.all(region);
    let conflicts = search.encoder.solver.conflicts_left();
    search.encoder.solver.allow_conflicts(conflicts.min(MAX_CONFLICTS));
    let shortest = shortest(search, facts, &assumptions, region);
    search.encoder.solver.allow_conflicts(conflicts);
    let condition = match shortest {
        Ok(Some(formula)) if cost(&formula) <= cost(&all) => formula,
        Ok(_) | Err(AnalysisError::Exhausted(_)) => all,
        Err(error) => return Err(error),
    };
    Ok(Description { condition, units })
}

/// Returns, for each attribute with named units, a literal that is true if the unit belongs to one of the classes.
pub(crate) fn unit_is_in_classes(search: &mut Search<'_>, classes: &BTreeSet<(usize, usize)>) -> Vec<Literal> {
    let mut literals: BTreeMap<usize, Vec<Literal>> = BTreeMap::new();
    for (domain, class) in classes {
        if let Some(DomainEncoding::Text(text)) = search.encoder.domains.get(*domain).map(|domain| &domain.encoding) {
            literals.entry(*domain).or_default().extend(text.classes.get(*class).map(|class| class.holds));
        }
    }
    literals.into_values().map(|any| search.encoder.solver.any(any)).collect()
}

/// Returns the cheapest formula that is found, or `None` if none is found.
fn shortest<'b>(
    search: &mut Search<'b>,
    facts: &Facts<'_, 'b>,
    assumptions: &[Literal],
    region: Literal,
) -> Result<Option<Formula>, AnalysisError> {
    let mut candidates = Candidates::new(search, facts);
    list_candidates::add(search, &mut candidates, assumptions, region)?;
    let candidates = candidates.found();
    let implied = implied(search, candidates, assumptions, region)?;
    let Some(conjunction) = cheapest(search, &implied, assumptions, region)? else { return Ok(None) };
    let conjunction = Statement::all(search, &implied, &conjunction);
    let is_cheap = cost(&conjunction.formula) <= CHEAP;
    let mut formulas = vec![conjunction];
    if !is_cheap {
        let within: Vec<Literal> =
            assumptions.iter().copied().chain(implied.iter().map(|candidate| candidate.literal)).collect();
        let kinds = [
            (assumptions, region, Statement::one_of as Connect),
            (&within, region, Statement::one_of),
            (&within, !region, Statement::none_of),
        ];
        for (within, goal, connect) in kinds {
            let Some(groups) = groups(search, candidates, within, goal)? else { continue };
            let groups = connect(search, groups);
            let with_groups: Vec<Literal> = assumptions.iter().copied().chain([groups.literal]).collect();
            if let Some(rest) = cheapest(search, &implied, &with_groups, region)? {
                let rest = Statement::all(search, &implied, &rest);
                formulas.push(Statement::both(search, rest, groups));
            }
        }
    }
    formulas.sort_by_key(|statement| cost(&statement.formula));
    for Statement { literal, formula } in formulas {
        let none_has = |search: &mut Search<'b>, pair: [Literal; 2]| {
            let assumed: Vec<Literal> = assumptions.iter().copied().chain(pair).collect();
            is_impossible(search, &assumed)
        };
        if none_has(search, [literal, !region])? && none_has(search, [!literal, region])? {
            return Ok(Some(formula));
        }
    }
    Ok(None)
}

/// A formula and its literal.
struct Statement {
    literal: Literal,
    formula: Formula,
}

/// Makes one statement of groups of statements.
type Connect = fn(&mut Search<'_>, Vec<Statement>) -> Statement;

impl Statement {
    /// Returns the statement that all candidates with these indices are true.
    fn all(search: &mut Search<'_>, candidates: &[&Candidate], indices: &[usize]) -> Self {
        let chosen: Vec<&Candidate> = indices.iter().filter_map(|index| candidates.get(*index).copied()).collect();
        let literal = search.encoder.solver.all(chosen.iter().map(|candidate| candidate.literal).collect::<Vec<_>>());
        let formula = Formula::all(chosen.into_iter().map(|candidate| candidate.formula.clone()).collect());
        Self { literal, formula }
    }

    fn both(search: &mut Search<'_>, left: Self, right: Self) -> Self {
        let literal = search.encoder.solver.all([left.literal, right.literal]);
        Self { literal, formula: Formula::all(vec![left.formula, right.formula]) }
    }

    fn one_of(search: &mut Search<'_>, groups: Vec<Self>) -> Self {
        let literal = search.encoder.solver.any(groups.iter().map(|group| group.literal).collect::<Vec<_>>());
        Self { literal, formula: Formula::any(groups.into_iter().map(|group| group.formula).collect()) }
    }

    fn none_of(search: &mut Search<'_>, groups: Vec<Self>) -> Self {
        let any = Self::one_of(search, groups);
        Self { literal: !any.literal, formula: any.formula.negated() }
    }
}

/// Returns the candidates that are true for all contexts of the region.
fn implied<'c>(
    search: &mut Search<'_>,
    candidates: &'c [Candidate],
    assumptions: &[Literal],
    region: Literal,
) -> Result<Vec<&'c Candidate>, AnalysisError> {
    let mut open: Vec<&Candidate> = candidates.iter().collect();
    loop {
        let one_fails = search.encoder.solver.fresh();
        search.encoder.solver.assert(open.iter().map(|candidate| !candidate.literal).chain([!one_fails]));
        let assumed: Vec<Literal> = assumptions.iter().copied().chain([region, one_fails]).collect();
        match ask(search, &assumed)? {
            SearchResult::Unsatisfiable(_) => return Ok(open),
            SearchResult::Satisfiable(found) => open.retain(|candidate| found.model.holds(candidate.literal)),
        }
    }
}

/// Returns groups of candidates. The goal is true exactly for the contexts for which all candidates of at least one group
/// are true. Returns `None` if there are too many groups.
fn groups(
    search: &mut Search<'_>,
    candidates: &[Candidate],
    assumptions: &[Literal],
    goal: Literal,
) -> Result<Option<Vec<Statement>>, AnalysisError> {
    let mut groups: Vec<Statement> = Vec::new();
    let outside = |groups: &[Statement], without: Option<usize>| -> Vec<Literal> {
        let others = groups.iter().enumerate().filter(|(index, _)| Some(*index) != without);
        assumptions.iter().copied().chain([goal]).chain(others.map(|(_, group)| !group.literal)).collect()
    };
    while let SearchResult::Satisfiable(found) = ask(search, &outside(&groups, None))? {
        if groups.len() == MAX_GROUPS {
            return Ok(None);
        }
        // A group should cover much, so that few groups are necessary.
        let here = candidates.iter().filter(|candidate| found.model.holds(candidate.literal));
        let mut here: Vec<Candidate> = here
            .map(|candidate| Candidate { cost: candidate.cost + narrowness(&candidate.formula), ..candidate.clone() })
            .collect();
        here.sort_by_key(|candidate| candidate.cost);
        here.truncate(MAX_STATEMENTS);
        let here: Vec<&Candidate> = here.iter().collect();
        let Some(group) = cheapest(search, &here, assumptions, goal)? else { return Ok(None) };
        let group = Statement::all(search, &here, &group);
        groups.push(group);
    }
    // A later group can make an earlier one redundant.
    let mut index = 0;
    while index < groups.len() {
        if groups.len() > 1 && is_impossible(search, &outside(&groups, Some(index)))? {
            groups.remove(index);
        } else {
            index += 1;
        }
    }
    Ok(Some(groups))
}
