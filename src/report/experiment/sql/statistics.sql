-- The sufficient statistics of an experiment: the rows that `flagctl experiment analyze FLAG --stats FILE` reads.
-- Made by `flagctl experiment sql --dialect {dialect}`. {tested}
--
-- Tables: exposures (ts, flag, variant, reason, unit, environment) and events (ts, event, unit, value).
-- `ts` has the type TIMESTAMP WITH TIME ZONE, `value` is a number or NULL, and all others are texts.
{omitted}WITH
-- The periods in which neither the population nor the split changes, from git. The end is exclusive.
flagctl_phases (phase_number, phase, starts, ends) AS (
  VALUES
    {phases}
),
flagctl_arms (arm_number, variant) AS (
  VALUES
    {arms}
),
flagctl_planned (phase_number, arm_number, planned) AS (
  VALUES
    {planned}
),
flagctl_metrics (metric_number, metric, kind, time_window, has_before, has_denominator, cap, cap_level) AS (
  VALUES
    {metrics}
),
-- The events that become the values of units. Events without a value cannot be used if any metric needs their value.
flagctl_sources (metric_number, part, event, aggregate, needs_value, time_window) AS (
  VALUES
    {sources}
),
-- Exposures whose variant is random.
flagctl_exposures AS (
  SELECT e.unit, e.ts, a.arm_number
  FROM {exposures_table} e
  JOIN flagctl_arms a ON a.variant = e.variant
  WHERE e.flag = {flag}
    AND (e.environment = {environment} OR e.environment IS NULL)
    AND LOWER(e.reason) = 'split'
    AND e.unit IS NOT NULL
    AND e.ts <= {now} + {clock_tolerance}{period}
),
flagctl_events AS (
  SELECT v.unit, v.ts, v.event, CAST(v.value AS DOUBLE PRECISION) AS amount
  FROM {events_table} v
  WHERE v.unit IS NOT NULL
    AND v.event IS NOT NULL
    AND v.ts <= {now} + {clock_tolerance}{events_period}
),
-- The time to which the events are complete.
flagctl_end (end_ts) AS (
  SELECT CASE WHEN t.end_ts < {now} THEN t.end_ts ELSE {now} END
  FROM (
    SELECT COALESCE({until}, MAX(a.ts)) AS end_ts
    FROM (SELECT ts FROM flagctl_exposures UNION ALL SELECT ts FROM flagctl_events) a
  ) t
),
-- The first exposure of each unit in each phase.
flagctl_units AS (
  SELECT r.phase_number, r.unit, r.arm_number, r.first_ts, r.lowest_arm, r.highest_arm
  FROM (
    SELECT p.phase_number, e.unit, e.arm_number, e.ts AS first_ts,
      ROW_NUMBER() OVER (PARTITION BY p.phase_number, e.unit ORDER BY e.ts, e.arm_number) AS nth,
      MIN(e.arm_number) OVER (PARTITION BY p.phase_number, e.unit) AS lowest_arm,
      MAX(e.arm_number) OVER (PARTITION BY p.phase_number, e.unit) AS highest_arm
    FROM flagctl_exposures e
    JOIN flagctl_phases p ON e.ts >= p.starts AND (p.ends IS NULL OR e.ts < p.ends)
  ) r
  WHERE r.nth = 1
),
-- The units of each metric: they were seen in one arm, and their window is over.
flagctl_members AS (
  SELECT m.metric_number, u.phase_number, u.arm_number, u.unit, u.first_ts
  FROM flagctl_units u
  CROSS JOIN flagctl_metrics m
  CROSS JOIN flagctl_end t
  WHERE u.lowest_arm = u.highest_arm{mature}
),
-- Units and events in one list, so that no large lists are joined: planners take the wrong join for lists without statistics.
flagctl_timeline AS (
  SELECT b.metric_number, b.phase_number, b.unit, b.arm_number, b.first_ts, CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS ts,
    'unit' AS part, 'count' AS aggregate, CAST(NULL AS DOUBLE PRECISION) AS amount
  FROM flagctl_members b
  UNION ALL
  SELECT s.metric_number, p.phase_number, v.unit, CAST(NULL AS INTEGER), CAST(NULL AS TIMESTAMP WITH TIME ZONE), v.ts, s.part, s.aggregate, v.amount
  FROM flagctl_events v
  JOIN flagctl_sources s ON s.event = v.event
  JOIN flagctl_phases p ON v.ts >= p.starts - {lookback} AND (p.ends IS NULL OR v.ts < p.ends + s.time_window)
  WHERE s.needs_value = 0 OR v.amount IS NOT NULL
),
-- The events of each unit in the window after its first exposure, and in the time before it.
flagctl_sides AS (
  SELECT r.metric_number, r.phase_number, r.unit, r.arm_number, r.part, r.aggregate, r.amount,
    CASE
      WHEN r.part = 'unit' THEN 'unit'
      WHEN r.ts >= r.first_ts AND r.ts < r.first_ts + m.time_window THEN 'after'
      WHEN r.ts < r.first_ts AND r.ts >= r.first_ts - {lookback} THEN 'before'
      ELSE 'none'
    END AS side
  FROM (
    SELECT l.metric_number, l.phase_number, l.unit, l.ts, l.part, l.aggregate, l.amount,
      MAX(l.first_ts) OVER (PARTITION BY l.metric_number, l.phase_number, l.unit) AS first_ts,
      MAX(l.arm_number) OVER (PARTITION BY l.metric_number, l.phase_number, l.unit) AS arm_number
    FROM flagctl_timeline l
  ) r
  JOIN flagctl_metrics m ON m.metric_number = r.metric_number
  WHERE r.arm_number IS NOT NULL
),
flagctl_amounts AS (
  SELECT g.metric_number, g.phase_number, g.unit, g.arm_number, g.part, g.side,
    CASE g.aggregate
      WHEN 'count' THEN CAST(g.event_count AS DOUBLE PRECISION)
      WHEN 'mean' THEN g.amount_sum / g.event_count
      WHEN 'max' THEN g.amount_max
      WHEN 'min' THEN g.amount_min
      ELSE g.amount_sum
    END AS amount
  FROM (
    SELECT e.metric_number, e.phase_number, e.unit, e.arm_number, e.part, e.side, e.aggregate,
      COUNT(*) AS event_count, SUM(e.amount) AS amount_sum, MAX(e.amount) AS amount_max, MIN(e.amount) AS amount_min
    FROM flagctl_sides e
    WHERE e.side <> 'none'
    GROUP BY e.metric_number, e.phase_number, e.unit, e.arm_number, e.part, e.side, e.aggregate
  ) g
),
-- `y` and `x` are the values after and before the first exposure, and `d` and `e` are those of the denominator.
flagctl_unit_values AS (
  SELECT a.metric_number, a.phase_number, a.unit, a.arm_number,
    MAX(CASE WHEN a.part = 'value' AND a.side = 'after' THEN a.amount END) AS y,
    MAX(CASE WHEN a.part = 'value' AND a.side = 'before' THEN a.amount END) AS x,
    MAX(CASE WHEN a.part = 'denominator' AND a.side = 'after' THEN a.amount END) AS d,
    MAX(CASE WHEN a.part = 'denominator' AND a.side = 'before' THEN a.amount END) AS e
  FROM flagctl_amounts a
  GROUP BY a.metric_number, a.phase_number, a.unit, a.arm_number
),
-- Where values are cut: at a number, or at a quantile of the values of all arms of the phase.
flagctl_caps (metric_number, phase_number, cap) AS (
  SELECT m.metric_number, p.phase_number, m.cap
  FROM flagctl_metrics m
  CROSS JOIN flagctl_phases p
  WHERE m.cap IS NOT NULL
  UNION ALL
  SELECT q.metric_number, q.phase_number, MAX(q.y)
  FROM (
    SELECT u.metric_number, u.phase_number, u.y, m.cap_level,
      ROW_NUMBER() OVER (PARTITION BY u.metric_number, u.phase_number ORDER BY u.y) AS nth,
      COUNT(*) OVER (PARTITION BY u.metric_number, u.phase_number) AS total
    FROM flagctl_unit_values u
    JOIN flagctl_metrics m ON m.metric_number = u.metric_number
    WHERE m.cap_level IS NOT NULL AND u.y IS NOT NULL
  ) q
  WHERE q.nth = CEILING(CAST(q.total AS DOUBLE PRECISION) * q.cap_level)
  GROUP BY q.metric_number, q.phase_number
),
-- The values of each unit. A unit without events has 0.
flagctl_values AS (
  SELECT r.metric_number, r.phase_number, r.arm_number,
    CASE WHEN r.kind = 'proportion' THEN r.has_events WHEN r.y > r.cap THEN r.cap ELSE r.y END AS y,
    CASE WHEN r.kind = 'proportion' THEN r.had_events WHEN r.x > r.cap THEN r.cap ELSE r.x END AS x,
    r.d, r.e,
    CASE WHEN r.kind <> 'proportion' AND r.y > r.cap THEN 1 ELSE 0 END AS is_capped,
    CASE WHEN r.had_events > 0 THEN 0 ELSE 1 END AS is_missing
  FROM (
    SELECT u.metric_number, u.phase_number, u.arm_number, m.kind, c.cap,
      COALESCE(u.y, 0) AS y, COALESCE(u.x, 0) AS x, COALESCE(u.d, 0) AS d, COALESCE(u.e, 0) AS e,
      CAST(CASE WHEN u.y IS NULL THEN 0 ELSE 1 END AS DOUBLE PRECISION) AS has_events,
      CAST(CASE WHEN u.x IS NULL THEN 0 ELSE 1 END AS DOUBLE PRECISION) AS had_events
    FROM flagctl_unit_values u
    JOIN flagctl_metrics m ON m.metric_number = u.metric_number
    LEFT JOIN flagctl_caps c ON c.metric_number = u.metric_number AND c.phase_number = u.phase_number
  ) r
),
-- The means are subtracted before the values are squared, so that no digits are lost.
flagctl_shifts AS (
  SELECT v.metric_number, v.phase_number, v.arm_number, AVG(v.y) AS y, AVG(v.x) AS x, AVG(v.d) AS d, AVG(v.e) AS e
  FROM flagctl_values v
  GROUP BY v.metric_number, v.phase_number, v.arm_number
),
flagctl_sums AS (
  SELECT r.metric_number, r.phase_number, r.arm_number, COUNT(*) AS n,
    SUM(r.y) AS y, SUM(r.x) AS x, SUM(r.d) AS d, SUM(r.e) AS e,
    SUM(r.y * r.y) AS yy, SUM(r.x * r.x) AS xx, SUM(r.d * r.d) AS dd, SUM(r.e * r.e) AS ee,
    SUM(r.x * r.y) AS xy, SUM(r.y * r.d) AS yd, SUM(r.x * r.d) AS xd,
    SUM(r.y * r.e) AS ye, SUM(r.x * r.e) AS xe, SUM(r.d * r.e) AS de,
    SUM(r.is_missing) AS missing, SUM(r.is_capped) AS capped
  FROM (
    SELECT v.metric_number, v.phase_number, v.arm_number, v.is_missing, v.is_capped,
      v.y - h.y AS y, v.x - h.x AS x, v.d - h.d AS d, v.e - h.e AS e
    FROM flagctl_values v
    JOIN flagctl_shifts h ON h.metric_number = v.metric_number AND h.phase_number = v.phase_number
      AND h.arm_number = v.arm_number
  ) r
  GROUP BY r.metric_number, r.phase_number, r.arm_number
),
flagctl_counts AS (
  SELECT u.phase_number, u.arm_number,
    SUM(CASE WHEN u.lowest_arm = u.highest_arm THEN 1 ELSE 0 END) AS n,
    SUM(CASE WHEN u.lowest_arm = u.highest_arm THEN 0 ELSE 1 END) AS multiple,
    SUM(CASE WHEN u.lowest_arm = u.highest_arm{immature} THEN 1 ELSE 0 END) AS immature
  FROM flagctl_units u
  CROSS JOIN flagctl_end t
  GROUP BY u.phase_number, u.arm_number
),
-- A row for each phase, arm and metric, also without units. The number 0 is for the rows with the numbers of units.
flagctl_rows AS (
  SELECT p.phase_number, p.phase, a.arm_number, a.variant, m.metric_number, m.metric, m.kind, m.has_before, m.has_denominator
  FROM flagctl_phases p
  CROSS JOIN flagctl_arms a
  CROSS JOIN (
    SELECT metric_number, metric, kind, has_before, has_denominator FROM flagctl_metrics
    UNION ALL
    SELECT 0, 'exposures', CAST(NULL AS VARCHAR(1024)), 0, 0 FROM flagctl_metrics WHERE metric_number = 1
  ) m
)
SELECT {flag_value} AS flag, r.phase, r.variant, r.metric, r.kind,
  CASE WHEN r.metric_number = 0 THEN COALESCE(c.n, 0) ELSE COALESCE(s.n, 0) END AS n,
  CASE WHEN r.metric_number > 0 THEN COALESCE(s.y, 0) END AS sum_y,
  CASE WHEN r.metric_number > 0 THEN COALESCE(s.yy, 0) END AS sum_yy,
  CASE WHEN r.has_before = 1 THEN COALESCE(s.x, 0) END AS sum_x,
  CASE WHEN r.has_before = 1 THEN COALESCE(s.xx, 0) END AS sum_xx,
  CASE WHEN r.has_before = 1 THEN COALESCE(s.xy, 0) END AS sum_xy,
  CASE WHEN r.has_denominator = 1 THEN COALESCE(s.d, 0) END AS sum_d,
  CASE WHEN r.has_denominator = 1 THEN COALESCE(s.dd, 0) END AS sum_dd,
  CASE WHEN r.has_denominator = 1 THEN COALESCE(s.yd, 0) END AS sum_yd,
  CASE WHEN r.has_before + r.has_denominator = 2 THEN COALESCE(s.xd, 0) END AS sum_xd,
  CASE WHEN r.has_before + r.has_denominator = 2 THEN COALESCE(s.e, 0) END AS sum_e,
  CASE WHEN r.has_before + r.has_denominator = 2 THEN COALESCE(s.ee, 0) END AS sum_ee,
  CASE WHEN r.has_before + r.has_denominator = 2 THEN COALESCE(s.ye, 0) END AS sum_ye,
  CASE WHEN r.has_before + r.has_denominator = 2 THEN COALESCE(s.xe, 0) END AS sum_xe,
  CASE WHEN r.has_before + r.has_denominator = 2 THEN COALESCE(s.de, 0) END AS sum_de,
  CASE WHEN r.metric_number > 0 THEN COALESCE(h.y, 0) END AS shift_y,
  CASE WHEN r.has_before = 1 THEN COALESCE(h.x, 0) END AS shift_x,
  CASE WHEN r.has_denominator = 1 THEN COALESCE(h.d, 0) END AS shift_d,
  CASE WHEN r.has_before + r.has_denominator = 2 THEN COALESCE(h.e, 0) END AS shift_e,
  CASE WHEN r.has_before = 1 THEN COALESCE(s.missing, 0) END AS missing,
  CASE WHEN r.metric_number > 0 THEN COALESCE(s.capped, 0) END AS capped,
  CASE WHEN r.metric_number = 0 THEN q.planned END AS planned,
  CASE WHEN r.metric_number = 0 THEN COALESCE(c.multiple, 0) END AS multiple,
  CASE WHEN r.metric_number = 0 THEN COALESCE(c.immature, 0) END AS immature
FROM flagctl_rows r
JOIN flagctl_planned q ON q.phase_number = r.phase_number AND q.arm_number = r.arm_number
LEFT JOIN flagctl_counts c ON c.phase_number = r.phase_number AND c.arm_number = r.arm_number
LEFT JOIN flagctl_sums s ON s.metric_number = r.metric_number AND s.phase_number = r.phase_number
  AND s.arm_number = r.arm_number
LEFT JOIN flagctl_shifts h ON h.metric_number = r.metric_number AND h.phase_number = r.phase_number
  AND h.arm_number = r.arm_number
ORDER BY r.phase_number, r.metric_number, r.arm_number;
