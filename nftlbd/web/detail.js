/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An opened service: its backends, their health over time, what happened, and
 * what may be done. */

const WINDOWS = [['15 min', 900], ['1 h', 3600], ['24 h', 86400]];
const BARS = 60;

/* ---- backends */

const COLUMNS = ['Backend', 'State', 'Check', 'Weight', 'Share', 'Connections', 'Share lately'];

/* What is known, of an hour; ten minutes at least. */
function lately(values) {
	const first = values.findIndex(v => v !== null);
	return values.slice(first < 0 ? -60 : Math.min(first, values.length - 60));
}

function makeBackend(service, first) {
	const cell = (label, ...kids) => el('td', { 'data-label': label, role: 'cell' }, el('div', {}, kids));
	const state = badge(first.state), why = el('div', { class: 'why' }), address = el('small');
	const check = el('div'), took = el('div', { class: 'sub' }), weight = el('div'), move = el('div', { class: 'sub' });
	const share = el('b'), slots = el('span', { class: 'sub' }), bar = el('i'), conns = el('div');
	const line = sparkline(), acts = el('div', { class: 'acts' });
	const node = el('tr', { role: 'row' },
		el('th', { scope: 'row', role: 'rowheader' }, first.name, address),
		cell('State', state, why), cell('Check', check, took), cell('Weight', weight, move),
		el('td', { class: 'share', 'data-label': 'Share', role: 'cell' }, el('div', {}, share, ' ', slots, el('div', { class: 'meter', 'aria-hidden': 'true' }, bar))),
		cell('Connections', conns), cell('Lately', line.node),
		el('td', { role: 'cell' }, acts));
	const buttons = makeActs(service, first.name, acts);
	return { node, update(b) {
		const w = b.weight, c = b.check;
		text(address, (b.address.includes(':') ? `[${b.address}]` : b.address) + (b.port ? `:${b.port}` : ''));
		paintBadge(state, b.state);
		const notes = [b.health === 'up' || b.state === b.health ? '' : `health ${b.health}`,
			b.said && b.said !== 'enabled' ? `it says ${b.said}` : '', b.path && b.path !== 'fine' ? b.path : '',
			c && c.reason && c.reason !== 'ok' ? c.reason : ''];
		text(why, notes.filter(Boolean).join(' · '));
		text(check, c ? `${c.type} ${c.last_ms === null ? '' : `${num(c.last_ms, c.last_ms < 10 ? 2 : 0)} ms`}` : 'none');
		text(took, c && c.first_byte_ms !== null && c.first_byte_ms !== undefined ? `first byte ${num(c.first_byte_ms, 1)} ms` : c ? c.name : '');
		text(weight, weightText(w.effective));
		const parts = [`configured ${w.configured}`];
		if (w.set !== null)
			parts.push(`set ${weightText(w.set)}`);
		if (w.dynamic !== null)
			parts.push(`dynamic × ${weightText(w.dynamic)}`, w.why);
		text(move, parts.join(' · '));
		text(share, percent(b.share));
		text(slots, plural(b.slots, 'slot'));
		bar.style.width = `${b.share * 100}%`;
		text(conns, num(b.connections) + (b.max_connections ? ` of ${num(b.max_connections)}` : ''));
		if (b.history)
			line.update(lately(b.history.share), `Share of ${b.name}, lately`, 1);
		buttons.update(b);
	} };
}

const VERBS = [	/* verb, from which admin states, what is sent */
	['Enable', b => b.admin !== 'enabled', { admin: 'enabled' }],
	['Drain', b => b.admin === 'enabled', { admin: 'drain' }],
	['Disable', b => b.admin !== 'disabled', { admin: 'disabled' }],
	['Weight', () => true, null],
];
function makeActs(service, backend, acts) {
	const list = VERBS.map(([verb, when, body]) => {
		const b = el('button', { type: 'button', class: 'small', 'aria-label': `${verb} ${backend} of ${service}`, 'data-verb': verb }, body ? verb : 'Weight…');
		b.addEventListener('click', () => change(verb, service, backend, body));
		return { b, when };
	});
	return { update(x) {
		list.forEach(({ b, when }) => {
			const wanted = mayChange() && when(x);
			if (wanted !== b.isConnected) {
				const focused = document.activeElement === b;
				if (wanted)
					acts.insertBefore(b, list.map(i => i.b).slice(list.findIndex(i => i.b === b) + 1).find(n => n.isConnected) || null);
				else
					b.remove();
				if (focused && acts.firstChild)
					acts.firstChild.focus();
			}
		});
	} };
}

/* ---- health over time */

function makeHealth(name) {
	const label = el('b', {}, name), bars = strip(BARS, 28), share = el('span');
	return { node: el('div', {}, label, bars.node, share), update(item) {
		const up = bars.update(item.states, item.begin, item.end, `${name}, ${item.span}`);
		text(share, up === null ? 'not known' : `${percent(up)} up`);
	} };
}

function makeDetail(name) {
	const bodyRows = el('tbody', { role: 'rowgroup' }), facts = el('div', { class: 'facts' }), factText = el('span'), acts = el('div', { class: 'acts' });
	const serviceButton = el('button', { type: 'button', class: 'small' });
	const health = el('div', { class: 'health' }), events = el('ol', { class: 'events' }), note = el('p', { class: 'dim note' });
	const begin = el('span'), axis = el('div', { class: 'axis', 'aria-hidden': 'true' }, el('b'), el('div', {}, begin, el('span', {}, 'now')), el('span'));
	const pick = el('div', { role: 'group', 'aria-label': 'Time shown' });
	const legend = el('p', { class: 'legend' }, [['good', 'up'], ['warn', 'part of the time, or full'], ['info', 'draining or standby'],
		['bad', 'down'], ['off', 'disabled, or not known']].map(([c, t]) => el('span', {}, el('i', { 'data-c': c }), t)));
	const d = { name, backends: new Map(), strips: new Map(), kept: new Map(), data: null, history: null, log: null, window: 0 };
	const error = el('p', { class: 'error', role: 'alert' });
	facts.append(factText, acts);
	serviceButton.addEventListener('click', () => {
		const verb = d.data.admin === 'disabled' ? 'Enable' : 'Disable';
		change(verb, name, null, { admin: verb === 'Enable' ? 'enabled' : 'disabled' });
	});
	for (const [words, s] of WINDOWS)
		pick.append(el('button', { type: 'button', class: 'small', 'data-s': s, onclick: () => { d.window = s; d.paint(); } }, words));
	d.node = el('tr', { class: 'detail' }, el('td', { colspan: 7 }, error, facts,
		el('h3', {}, 'Backends'),
		el('div', { class: 'scroll' }, el('table', { class: 'backends', role: 'table', 'aria-label': `Backends of ${name}` },
			el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, COLUMNS.map(c => el('th', { scope: 'col', role: 'columnheader' }, c)),
				el('th', { scope: 'col', role: 'columnheader' }, el('span', { class: 'sr' }, 'Actions')))), bodyRows)),
		el('div', { class: 'head' }, el('h3', {}, 'Health over time'), pick), health, legend, note,
		el('h3', {}, 'What happened'), events));
	health.append(axis);
	d.fail = words => text(error, words);
	d.paint = () => {
		if (d.data)
			paintFacts(d, factText, acts, serviceButton, bodyRows);
		if (d.history)
			paintHealth(d, health, begin, pick, note);
		if (d.log)
			keyed(events, d.kept, d.log.slice(-20).reverse(), e => e.id, e => ({ node: eventRow(e), update() {} }));
		if (d.log && !d.log.length && !events.firstChild)
			events.append(el('li', { class: 'dim' }, 'Nothing has changed since the daemon began.'));
	};
	return d;
}

function paintFacts(d, factText, acts, button, bodyRows) {
	const s = d.data, list = [s.mode, s.scheduler + (s.hash_key ? ` by ${s.hash_key}` : ''), plural(s.slots, 'slot'),
		`when empty: ${s.on_empty}`];
	if (s.pool)
		list.push(`pool ${s.pool}`);
	if (s.weights && s.weights.why)
		list.push(`weights: ${s.weights.why}`);
	text(factText, list.join(' · '));
	text(button, s.admin === 'disabled' ? 'Enable service' : 'Disable service');
	attr(button, 'aria-label', `${s.admin === 'disabled' ? 'Enable' : 'Disable'} service ${s.name}`);
	if (mayChange() !== button.isConnected)
		replace(acts, mayChange() ? [button] : []);
	const of = new Map((d.history ? d.history.backends : []).map(b => [b.name, b]));
	keyed(bodyRows, d.backends, s.backends.map(b => {
		const h = of.get(b.name), known = h ? h.connections.filter(n => n !== null) : [];
		return Object.assign({}, b, { history: h, connections: b.connections !== null || !known.length ? b.connections : known[known.length - 1] });
	}), b => b.name, b => makeBackend(s.name, b));
}

function paintHealth(d, health, axis, pick, note) {
	const now = Date.now(), since = Date.parse(d.history.since);
	const s = d.window || (now - since < 900e3 ? 900 : 3600), begin = now - s * 1000;
	const span = `last ${WINDOWS.find(w => w[1] === s)[0]}`;
	for (const b of pick.children)
		attr(b, 'aria-pressed', Number(b.dataset.s) === s);
	keyed(health, d.strips, d.history.backends.map(b => ({ name: b.name, states: b.states, begin, end: now, span })),
		b => b.name, b => makeHealth(b.name));
	text(axis, `${WINDOWS.find(w => w[1] === s)[0]} ago, ${clock(begin)}`);
	text(note, since > begin ? `What was before ${when(since)} is not known here: the history began with the daemon.` : '');
}

/* ---- what may be done */

function price(answer) {
	const p = answer.price || (answer.plan && answer.plan.price) || answer.plan || answer, list = [];
	if (typeof p.slots_moved === 'number')
		list.push(`${plural(p.slots_moved, 'slot')}${p.slots_total ? ` of ${num(p.slots_total)}` : ''} move${p.slots_moved === 1 ? 's' : ''}`);
	if (typeof p.clients_moved === 'number')
		list.push(`${percent(p.clients_moved)} of the clients move`);
	if (typeof p.flows_ended === 'number')
		list.push(`${plural(p.flows_ended, 'established connection')} end${p.flows_ended === 1 ? 's' : ''}`);
	else if (p.flows_ended === null)
		list.push('how many connections end is not known');
	return list.length ? list.join('; ') + '.' : null;
}

const MEANING = {
	Drain: 'It gets no new connections; those that it has go on.',
	Disable: 'It gets no new connections, and is not counted on.',
	Enable: 'It gets connections again, if its checks find it up.',
	Weight: 'How much of the new connections it gets, next to the others.',
};
const SERVICE_MEANING = { Disable: 'All of its backends are out of service.', Enable: 'It is served again.' };

/* Ask, show the price, do it, tell how it came out. */
function change(verb, service, backend, body) {
	const dialog = $('dialog'), path = servicePath(service, backend), who = backend ? `${backend} of ${service}` : `service ${service}`;
	const cost = el('p', { class: 'price', role: 'status' }, 'Asking what it costs …'), error = el('p', { class: 'error', role: 'alert' });
	const input = el('input', { id: 'weight', type: 'number', min: 0, max: 65535, step: 1, required: true, 'aria-describedby': 'weight-note' });
	const sent = () => body || { weight: input.value === '' ? null : Number(input.value) };
	const go = el('button', { type: 'submit', class: 'main' }, verb === 'Weight' ? 'Set weight' : verb);
	const reset = el('button', { type: 'button', onclick: () => submit({ weight: null }) }, 'As configured');
	let etag = null;
	const ask = () => patch(`${path}?dry_run=1`, sent()).then(a => text(cost, price(a) || 'No price is told.'),
		e => text(cost, e.status === 400 ? 'What it costs cannot be told by this daemon.' : `What it costs: ${e.message}`));
	async function submit(what) {
		go.disabled = true;
		try {
			await patch(path, what, etag);
			dialog.close();
			say(`${verb === 'Weight' ? 'Weight of ' + who + ' set' : `${verb}: ${who}`}: done.`);
			refresh(true);
		} catch (e) {
			text(error, e.status === 412 ? 'Somebody else was faster: look at it again.' : e.message);
			go.disabled = false;
		}
	}
	fetch(path, { headers: headers(), cache: 'no-store' }).then(a => { etag = a.headers.get('ETag'); return a.json(); }).then(b => {
		if (!body && b.weight && input.value === '')
			input.value = Math.round(b.weight.set !== null ? b.weight.set : b.weight.configured);
	}, () => {}).then(() => (body || input.value !== '' ? ask() : null));
	let timer = 0;
	input.addEventListener('input', () => {
		clearTimeout(timer);
		timer = setTimeout(() => input.validity.valid && ask(), 250);
	});
	replace(dialog, el('form', { method: 'dialog', onsubmit: e => { e.preventDefault(); submit(sent()); } },
		el('h2', { id: 'dialog-title' }, body ? `${verb} ${who}?` : `Weight of ${who}`),
		el('p', {}, (backend ? MEANING : SERVICE_MEANING)[verb]),
		body ? null : [el('label', { for: 'weight' }, 'Weight, 0 to 65535'), input, el('p', { class: 'dim', id: 'weight-note' }, '0: nothing new.')],
		cost, error, el('div', { class: 'acts' }, el('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'), body ? null : reset, go)));
	dialog.showModal();
	(body ? go : input).focus();
}
