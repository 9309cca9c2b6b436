// The tables of the report.

function targetColumn(model, cellOf) {
  return {
    title: 'Target',
    left: true,
    value: (row) => cellName(model, cellOf(row)),
    text: (row) => cellName(model, cellOf(row)),
    cell: (row) =>
        el('span', {class: 'name ' + colourOf(cellOf(row).target)}, el('i'),
           cellName(model, cellOf(row)))
  };
}

function tableSection(model, withExtra) {
  const parts = [
    cellTable(model), stepTable(model), failureTable(model), answerTable(model), otherTimes(model),
    honestyTable(model), ...(withExtra ? extraTables(model) : [])
  ].filter(Boolean);
  return parts.length ? section('tables', 'Tables', null, ...parts) : null;
}

function cellTable(model) {
  if (!model.cells.length) return null;
  const metric = (name, title) => ({
    title,
    value: (cell) => metricOf(cell, name)?.value,
    text: (cell) => {
      const found = metricOf(cell, name);
      return found ? kMetrics[name].format(found.value) : '–';
    }
  });
  const ratioOf = (cell) =>
      list(model.report.ratios)
          .find((ratio) => ratio.other === cell.index && ratio.metric === 'throughput');
  const failed = (cell) => sum(cell.trials.map((trial) => trial.failed));
  const total = (cell) => sum(cell.trials.map((trial) => trial.total));
  const columns = [
    targetColumn(model, (cell) => cell),
    {title: 'Load', value: (cell) => levelOf(cell.load), text: (cell) => loadName(cell.load)}, {
      title: 'Requests/s',
      value: (cell) => metricOf(cell, 'throughput')?.value,
      text: (cell) => formatNumber(metricOf(cell, 'throughput')?.value)
    },
    {
      title: '95 % interval',
      value: (cell) => metricOf(cell, 'throughput')?.low,
      text: (cell) => {
        const found = metricOf(cell, 'throughput');
        return found?.interval ? formatInterval(found, formatNumber) || '–' : '–';
      }
    },
    ...kPercentiles.map((name) => metric(name, name)), {
      title: 'Slowest',
      value: (cell) => cell.latency.max,
      text: (cell) => formatMs(cell.latency.max)
    },
    {
      title: 'Failures',
      value: (cell) => failed(cell) / Math.max(total(cell), 1),
      className: (cell) => failed(cell) > 0 ? 'bad' : '',
      text: (cell) => failed(cell) ? formatShare(failed(cell) / total(cell)) : '0'
    },
    metric('server_cpu', 'Server CPU'), metric('generator_cpu', 'Generator CPU'),
    metric('machine_cpu', 'Machine CPU'), {
      title: 'Received',
      minor: true,
      value: (cell) => sum(cell.trials.map((trial) => trial.bytes_received)),
      text: (cell) => formatBytes(sum(cell.trials.map((trial) => trial.bytes_received)))
    },
    {
      title: 'Connections',
      minor: true,
      value: (cell) => cell.load.connections,
      text: (cell) => formatCount(cell.load.connections)
    },
    {title: 'Trials', minor: true, value: (cell) => cell.trials.length}
  ];
  if (model.cells.some(ratioOf)) {
    columns.splice(4, 0, {
      title: 'Ratio',
      value: (cell) => ratioOf(cell)?.ratio,
      text: (cell) => formatRatio(ratioOf(cell)?.ratio),
      className: (cell) => {
        const found = ratioOf(cell);
        return found?.interval && (found.low > 1 || found.high < 1) ? '' : 'dim';
      }
    });
  }
  const used = columns.filter(
      (column) => !column.title.endsWith('CPU') ||
          model.cells.some((cell) => isNumber(column.value(cell))));
  return tableCard({
    name: 'cells',
    title: 'All measurements',
    note: 'Medians over trials.' +
        (model.cells.some(ratioOf) ? ' A dimmed ratio shows no difference.' : ''),
    columns: used,
    rows: model.cells
  });
}

function stepTable(model) {
  const rows = model.cells.flatMap((cell) => {
    const names =
        [...new Set(cell.trials.flatMap((trial) => list(trial.steps).map((step) => step.name)))];
    return names.map((name) => ({
                       cell,
                       name,
                       steps: cell.trials.flatMap(
                           (trial) => list(trial.steps).filter((step) => step.name === name))
                     }));
  });
  if (!rows.length) return null;
  const of = (row, key) => median(row.steps.map((step) => step.ok?.[key]));
  const time = (key, title) =>
      ({title, value: (row) => of(row, key), text: (row) => formatMs(of(row, key))});
  return tableCard({
    name: 'steps',
    title: 'Steps of the scenario',
    note: 'Percentiles are medians over trials.',
    rows,
    columns: [
      targetColumn(model, (row) => row.cell), {
        title: 'Load',
        value: (row) => levelOf(row.cell.load),
        text: (row) => loadName(row.cell.load)
      },
      {title: 'Step', left: true, value: (row) => row.name}, {
        title: 'Successes',
        value: (row) => sum(row.steps.map((step) => step.ok?.count)),
        text: (row) => formatCount(sum(row.steps.map((step) => step.ok?.count)))
      },
      {
        title: 'Failures',
        value: (row) => sum(row.steps.map((step) => step.failed)),
        text: (row) => formatCount(sum(row.steps.map((step) => step.failed))),
        className: (row) => sum(row.steps.map((step) => step.failed)) ? 'bad' : ''
      },
      time('mean', 'Mean'), time('p50', 'p50'), time('p90', 'p90'), time('p99', 'p99'),
      time('max', 'Slowest')
    ]
  });
}

function failureTable(model) {
  const rows = [];
  for (const cell of model.cells) {
    for (const trial of cell.trials) {
      for (const failure of list(trial.failures)) {
        const same = rows.find((row) => row.cell === cell && row.sort === failure.sort);
        if (same)
          same.count += failure.count;
        else
          rows.push({
            cell,
            sort: failure.sort || failure.kind,
            count: failure.count,
            message: failure.first_message || ''
          });
      }
    }
  }
  if (!rows.length) return null;
  const share = (row) => row.count / Math.max(sum(row.cell.trials.map((trial) => trial.total)), 1);
  return tableCard({
    name: 'failures',
    title: 'Failures',
    rows,
    columns: [
      targetColumn(model, (row) => row.cell), {
        title: 'Load',
        value: (row) => levelOf(row.cell.load),
        text: (row) => loadName(row.cell.load)
      },
      {title: 'Sort', left: true, value: (row) => row.sort},
      {title: 'Count', value: (row) => row.count, text: (row) => formatCount(row.count)},
      {title: 'Share', value: share, text: (row) => formatShare(share(row))}, {
        title: 'The first one said',
        left: true,
        value: (row) => row.message,
        className: () => 'long'
      }
    ]
  });
}

function answerTable(model) {
  const codes = [
    ...new Set(model.cells.flatMap(
        (cell) => cell.trials.flatMap((trial) => Object.keys(trial.answers || {}))))
  ].sort();
  if (codes.length < 2) return null;
  const count = (cell, code) => sum(cell.trials.map((trial) => (trial.answers || {})[code]));
  return tableCard({
    name: 'answers',
    title: 'Answers by status',
    low: true,
    rows: model.cells,
    columns: [
      targetColumn(model, (cell) => cell),
      {title: 'Load', value: (cell) => levelOf(cell.load), text: (cell) => loadName(cell.load)},
      ...codes.map((code) => ({
                     title: code,
                     value: (cell) => count(cell, code),
                     text: (cell) => count(cell, code) ? formatCount(count(cell, code)) : '–'
                   }))
    ]
  });
}

const kOtherTimes = {
  failed: 'failures',
  service: 'service time',
  stream_wait: 'wait for a stream',
  message: 'messages of streams',
  acknowledged: 'until acknowledged'
};

function otherTimes(model) {
  const rows = model.cells.flatMap(
      (cell) =>
          Object.keys(kOtherTimes)
              .map((series) => ({
                     cell,
                     series,
                     all: cell.trials.map((trial) => trial.latency_ms?.[series]).filter(Boolean)
                   }))
              .filter((row) => row.all.length));
  if (!rows.length) return null;
  const time = (key, title, of = median) => ({
    title,
    value: (row) => of(row.all.map((each) => each[key])),
    text: (row) => formatMs(of(row.all.map((each) => each[key])))
  });
  return tableCard({
    name: 'times',
    title: 'Other times',
    low: true,
    note: 'Percentiles are medians over trials.',
    rows,
    columns: [
      targetColumn(model, (row) => row.cell), {
        title: 'Load',
        value: (row) => levelOf(row.cell.load),
        text: (row) => loadName(row.cell.load)
      },
      {title: 'What', left: true, value: (row) => kOtherTimes[row.series]}, {
        title: 'Count',
        value: (row) => sum(row.all.map((each) => each.count)),
        text: (row) => formatCount(sum(row.all.map((each) => each.count)))
      },
      time('p50', 'p50'), time('p90', 'p90'), time('p99', 'p99'), time('max', 'Slowest', largest)
    ]
  });
}

/** How far the generator itself can be trusted. */
function honestyTable(model) {
  if (!model.cells.length) return null;
  const worst = (name) => (cell) => largest(cell.trials.map((trial) => trial.cpu?.[name]));
  const total = (name) => (cell) => sum(cell.trials.map((trial) => trial[name]));
  const lag = (cell) => largest(cell.trials.map((trial) => trial.latency_ms?.lag?.p99));
  const columns = [
    targetColumn(model, (cell) => cell),
    {title: 'Load', value: (cell) => levelOf(cell.load), text: (cell) => loadName(cell.load)}, {
      title: 'Generator CPU',
      value: worst('generator_share'),
      text: (cell) => formatShare(worst('generator_share')(cell)),
      className: (cell) => worst('generator_share')(cell) >= 0.85 ? 'bad' : ''
    },
    {
      title: 'Waited for a core',
      value: worst('generator_waited_share'),
      text: (cell) => formatShare(worst('generator_waited_share')(cell))
    },
    {
      title: 'Stolen',
      value: worst('steal_share'),
      text: (cell) => formatShare(worst('steal_share')(cell)),
      className: (cell) => worst('steal_share')(cell) > 0.01 ? 'bad' : ''
    },
    {title: 'Started late, p99', value: lag, text: (cell) => formatMs(lag(cell))}, {
      title: 'Reconnects',
      value: total('reconnects'),
      text: (cell) => formatCount(total('reconnects')(cell))
    },
    {
      title: 'Cut off',
      value: total('cut_off'),
      text: (cell) => formatCount(total('cut_off')(cell)),
      className: (cell) => total('cut_off')(cell) ? 'bad' : ''
    }
  ];
  return tableCard({
    name: 'honesty',
    title: 'The generator itself',
    low: true,
    note: 'The worst of all trials: shares of the generator\'s threads, and of all cores\' time.',
    columns,
    rows: model.cells
  });
}

function extraTables(model) {
  return list(model.report.tables).map((table, i) => {
    const rows = list(table.rows);
    const columns = list(table.columns).map((title, at) => {
      const number = (row) => parseFloat(String(row[at] ?? '').replaceAll(',', ''));
      const filled = rows.filter((row) => /\S/.test(row[at] ?? '') && !/^[–-]$/.test(row[at]));
      const numeric = at > 0 && filled.length > 0 &&
          filled.every(
              (row) => /^[<>≈~]?\s*[\d.,]+(\s*(ns|µs|ms|s|min|h|B|kB|MB|GB|%|×|\/s))?$/.test(
                  row[at]));
      return {
        title,
        left: !numeric,
        value: (row) => numeric ? sortable(row[at], number(row)) : row[at] ?? '',
        text: (row) => String(row[at] ?? ''),
        className: (row) => !numeric && String(row[at] ?? '').length > 60 ? 'long' : ''
      };
    });
    return tableCard({name: 'extra' + i, title: table.title || 'Table', columns, rows});
  });
}

/** `12 ms` before `1 s`. */
function sortable(text, number) {
  const unit = String(text).match(/(ns|µs|ms|s|min|h|B|kB|MB|GB)$/);
  const factors =
      {ns: 1e-9, 'µs': 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, B: 1, kB: 1e3, MB: 1e6, GB: 1e9};
  return number * (unit && !/\/s$/.test(text) ? factors[unit[1]] : 1);
}
