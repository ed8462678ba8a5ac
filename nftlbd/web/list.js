/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The head of the page and the list of services. Only so many rows are there as
 * are asked for: thousands of services are a filter away. */

const ROWS = 100, MANY = 2000;
const view = {
	status: null, version: null, services: [], history: new Map(), events: [],
	lately: 'last hour', open: new Map(), filter: '', state: 'all', sort: 'name', down: false, rows: ROWS,
};

/* ---- totals */

const tiles = new Map();
function tile(name, picture) {
	const big = el('dd', { class: 'big' }), sub = el('dd', { class: 'sub' });
	const seg = el('dd', { class: 'seg', 'aria-hidden': 'true', hidden: true });
	const node = el('div', { class: 'tile' }, el('dt', {}, name), big, sub, seg, picture && picture.node);
	$('totals').append(node);
	tiles.set(name, { big, sub, seg, picture });
	return tiles.get(name);
}
function segments(e, counts) {
	const total = counts.reduce((sum, [, n]) => sum + n, 0);
	const kids = counts.filter(([, n]) => n).map(([state, n]) => {
		const i = el('i', { 'data-c': colour(state) });
		i.style.flexGrow = n / (total || 1);
		return i;
	});
	replace(e, kids);
	e.hidden = !total;
}
function states(counts, order) {
	return order.filter(k => counts[k]).map(k => [k, counts[k]]);
}
function put(name, big, sub, counts) {
	const t = tiles.get(name) || tile(name, name === 'Connections' || name === 'New flows a second' ? sparkline() : null);
	text(t.big, big);
	text(t.sub, sub);
	if (counts)
		segments(t.seg, counts);
	return t;
}
const words = list => list.map(([k, n]) => `${num(n)} ${PLAIN[k] || k}`).join(', ');

function sum(key) {
	const known = view.services.map(s => s[key]).filter(n => n !== null);
	return known.length ? known.reduce((a, b) => a + b, 0) : null;
}
function sumHistory(key) {
	let all = null;
	for (const h of view.history.values())
		h[key].forEach((v, i) => {
			all = all || h[key].map(() => null);
			if (v !== null)
				all[i] = (all[i] || 0) + v;
		});
	return all || [];
}
function paintTotals() {
	const st = view.status;
	if (!st)
		return;
	const s = states(st.services, ['up', 'degraded', 'down', 'disabled']);
	const b = states(st.backends, ['active', 'standby', 'full', 'drain', 'down', 'disabled']);
	put('Services', num(st.services.total), words(s) || 'none', s);
	put('Backends', num(st.backends.total), words(b) || 'none', b);
	put('Connections', num(sum('connections')), 'established')
		.picture.update(sumHistory('connections'), `Connections, ${view.lately}`);
	const flows = sum('new_flows_s');
	put('New flows a second', num(flows, 1), flows === null ? 'no service has counters = yes' : 'where counters = yes')
		.picture.update(sumHistory('new_flows_s'), `New flows a second, ${view.lately}`);
	put('Configuration', `Revision ${st.revision}`, st.last_reload_ok ? 'last reload: good' : 'last reload: FAILED');
	const c = st.commits;
	put('Commits', num(c.done), c.refused ? `${num(c.refused)} REFUSED by the kernel`
		: c.down_p99_ms ? `a failure is in the kernel in ${num(c.down_p99_ms, 1)} ms (p99)` : 'none refused');
}
function alertText() {
	const st = view.status, list = [];
	if (!st)
		return list;
	if (!st.last_reload_ok)
		list.push(['', `The last reload failed; what was there before goes on. ${st.last_error || ''}`]);
	if (st.flushed)
		list.push(['', 'The tables are flushed: nothing is balanced until a sync, a reload or a restart.']);
	if (st.pending)
		list.push(['soft', `Revision ${st.pending.revision} waits to be confirmed until ${when(Date.parse(st.pending.deadline))}, or revision ${st.pending.back_to} comes back.`]);
	return list;
}
function paintHead() {
	const st = view.status, v = view.version || {};
	const name = v.host || location.hostname;
	text($('host'), name);
	if (st) {
		text($('about'), `nftlb ${st.version} · up ${span(st.uptime_s)} · table ${st.table}`);
		const bad = st.services.down + st.services.degraded;
		document.title = `${bad ? `(${bad}) ` : ''}${name} – nftlb`;
	}
	const list = alertText(), told = list.map(a => a[1]).join('\n');
	if ($('alerts').dataset.told !== told) {
		$('alerts').dataset.told = told;
		replace($('alerts'), list.map(([c, t]) => el('p', { class: c }, t)));
	}
	$('account').hidden = !v.role;
	text($('account'), v.role === 'operator' ? 'operator' : 'read-only · sign in');
	attr($('account'), 'aria-label', v.role === 'operator' ? 'You are operator: forget the token' : 'You may look only: sign in with a token');
	paintTotals();
}
const mayChange = () => !!view.version && view.version.role === 'operator';

/* ---- which rows */

const RANK = { down: 0, degraded: 1, disabled: 2, up: 3 };
const SORTS = {
	name: s => s.name, state: s => RANK[s.state], up: s => s.backends.total ? ups(s) / s.backends.total : 0,
	connections: s => s.connections === null ? -1 : s.connections,
	new_flows_s: s => s.new_flows_s === null ? -1 : s.new_flows_s,
};
const ups = s => s.backends.active + s.backends.standby + s.backends.full;
const order = new Intl.Collator('en', { numeric: true });
function haystack(s) {
	return s.hay || (s.hay = [s.name, s.state, s.mode, s.scheduler, s.pool || '', ...s.addresses, ...s.protocol,
		...s.ports].join(' ').toLowerCase());
}
function picked() {
	const need = view.filter.toLowerCase().split(/\s+/).filter(Boolean), by = SORTS[view.sort];
	const list = view.services.filter(s => (view.state === 'all' || s.state === view.state ||
		view.state === 'problems' && (s.state === 'down' || s.state === 'degraded')) && need.every(w => haystack(s).includes(w)));
	const turn = view.down ? -1 : 1;
	return list.sort((a, b) => {
		const x = by(a), y = by(b);
		return turn * (typeof x === 'string' ? order.compare(x, y) : x - y) || order.compare(a.name, b.name);
	});
}

/* ---- rows */

function where(s) {
	const ports = s.ports.join(', ');
	return s.addresses.map(a => `${a.includes(':') ? `[${a}]` : a}:${ports}`).join('  ') + ` ${s.protocol.join('/')}`;
}
function makeRow(first) {
	const id = `d-${first.name.replace(/[^a-zA-Z0-9]/g, '_')}-${++makeRow.count}`;
	const state = badge(first.state), place = el('div', { class: 'where' }), how = el('td', { class: 'how wide' });
	const button = el('button', { type: 'button', class: 'name', 'aria-expanded': 'false', 'data-service': first.name }, first.name);
	const up = el('b'), note = el('span', { class: 'dim' }), seg = el('div', { class: 'seg', 'aria-hidden': 'true' });
	const conns = el('td', { class: 'num conn' }), flows = el('td', { class: 'num wide' });
	const line = sparkline(), bars = strip(30, 9);
	const tr = el('tr', { class: 'svc', onclick: e => { if (!e.target.closest('button')) toggle(first.name); } },
		el('td', {}, state), el('th', { scope: 'row' }, button, place), how,
		el('td', { class: 'ups' }, up, note, seg), conns, flows, el('td', { class: 'trend mid' }, line.node, bars.node));
	button.addEventListener('click', () => toggle(first.name));
	const row = { node: [tr], id, button, update(s) {
		attr(tr, 'data-c', colour(s.state));
		paintBadge(state, s.state);
		text(place, where(s));
		if (how.dataset.told !== s.mode + s.scheduler) {
			how.dataset.told = s.mode + s.scheduler;
			replace(how, el('div', {}, s.mode), el('small', {}, s.scheduler));
		}
		text(up, `${ups(s)}/${s.backends.total}`);
		text(note, ' up' + (s.panic ? ' · panic' : s.backups ? ' · on backups' : s.quorum_lost ? ' · no quorum' : ''));
		const counts = states(s.backends, ['active', 'standby', 'full', 'drain', 'down', 'disabled']);
		if (seg.dataset.told !== String(counts)) {
			seg.dataset.told = String(counts);
			segments(seg, counts);
		}
		text(conns, num(s.connections));
		text(flows, num(s.new_flows_s, 1));
		const h = view.history.get(s.name);
		if (h && row.history !== h) {
			const end = Date.now();
			row.history = h;
			line.update(h.connections, `Connections of ${s.name}, ${view.lately}`);
			bars.update(h.states, end - h.step_s * h.connections.length * 1000, end, `${s.name}, ${view.lately}`);
		}
		const detail = view.open.get(s.name);
		attr(button, 'aria-expanded', !!detail);
		attr(button, 'aria-controls', detail ? row.id : null);
		tr.classList.toggle('open', !!detail);
		row.node = detail ? [tr, detail.node] : [tr];
		if (detail)
			detail.node.id = row.id;
	} };
	return row;
}
makeRow.count = 0;

const rows = new Map();
function paintRows() {
	const list = picked(), shown = list.slice(0, view.rows);
	keyed($('rows'), rows, shown, s => s.name, makeRow);
	for (const [name, d] of view.open)
		if (!shown.some(s => s.name === name))
			d.node.remove();
	const rest = list.length - shown.length;
	$('more').hidden = rest <= 0;
	text($('more'), `Show ${num(Math.min(rest, ROWS))} more of ${num(rest)}`);
	$('none').hidden = list.length > 0;
	text($('none'), view.services.length ? 'No service is like that.' : 'There are no services.');
	text($('services-title'), list.length === view.services.length ? `Services (${num(list.length)})`
		: `Services (${num(list.length)} of ${num(view.services.length)})`);
	paintStates();
}

const stateButtons = new Map();
function paintStates() {
	const n = { all: view.services.length, problems: 0 };
	for (const s of view.services) {
		n[s.state] = (n[s.state] || 0) + 1;
		n.problems += s.state === 'down' || s.state === 'degraded';
	}
	for (const k of ['all', 'problems', 'disabled']) {
		let b = stateButtons.get(k);
		if (!b) {
			b = el('button', { type: 'button', class: 'small', onclick: () => {
				view.state = view.state === k ? 'all' : k;
				paintRows();
			} });
			stateButtons.set(k, b);
			$('states').append(b);
		}
		text(b, `${k} ${num(n[k] || 0)}`);
		attr(b, 'aria-pressed', view.state === k);
	}
}

function setUpList() {
	for (const th of document.querySelectorAll('th[data-sort]')) {
		const key = th.dataset.sort, button = el('button', { type: 'button' }, th.textContent);
		button.addEventListener('click', () => {
			view.down = view.sort === key ? !view.down : key === 'connections' || key === 'new_flows_s';
			view.sort = key;
			paintSort();
			paintRows();
		});
		replace(th, button);
	}
	paintSort();
	$('filter').addEventListener('input', e => {
		view.filter = e.target.value;
		view.rows = ROWS;
		paintRows();
		text($('said'), $('services-title').textContent);
	});
	const more = () => {
		view.rows += ROWS;
		paintRows();
	};
	$('more').addEventListener('click', more);
	new IntersectionObserver(list => { if (list.some(e => e.isIntersecting)) more(); },
		{ rootMargin: '300px' }).observe($('more'));
}
function paintSort() {
	for (const th of document.querySelectorAll('th[data-sort]'))
		attr(th, 'aria-sort', th.dataset.sort === view.sort ? (view.down ? 'descending' : 'ascending') : 'none');
}

/* ---- events */

function eventRow(e) {
	const who = /operator (?:uid|token)=(\S+)/.exec(e.reason || ''), reason = (e.reason || '').replace(/^operator (uid|token)=\S+$/, '');
	const what = el('span', { class: 'what' });
	if (e.new) {
		if (e.old)
			what.append(el('span', { class: 'dim' }, PLAIN[e.old] || e.old), el('span', { class: 'dim', 'aria-hidden': 'true' }, '→'), el('span', { class: 'sr' }, ' became '));
		what.append(STATES[e.new] ? badge(e.new) : el('b', {}, e.new));
	}
	what.append(el('span', { class: 'dim' }, e.kind), el('span', { class: 'reason' }, reason));
	if (who)
		what.append(el('span', { class: 'who' }, `by ${who[0].includes('uid=') ? 'uid ' : ''}${who[1]}`));
	const place = [e.service, e.backend].filter(Boolean).join(' / ');
	return el('li', { class: Date.now() - Date.parse(e.time) < 3000 ? 'new' : false },
		el('time', { datetime: e.time }, when(Date.parse(e.time))), el('b', {}, place || 'gateway'), what);
}
function paintEvents() {
	const list = view.events.slice(-12).reverse();
	keyed($('recent'), paintEvents.kept, list, e => e.id, e => ({ node: eventRow(e), update() {} }));
	if (!list.length && !$('recent').firstChild)
		$('recent').append(el('li', { class: 'dim' }, 'Nothing has changed since the daemon began.'));
}
paintEvents.kept = new Map();
