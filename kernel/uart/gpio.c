// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contacts on GPIOs, and a regulator that feeds the power switch: of boards that firmware describes
 * (platform.c). Each is optional.
 *
 *	reset-gpios	RST; active: RST is high
 *	power-gpios	switch of VCC and CLK; active: on
 *	detect-gpios	active: a card is in; has an interrupt for both edges
 *	vcc-supply	needed while the coupler is in use; feeds what power-gpios switch
 *
 * Levels are set and read with the coupler's raw spinlock held: GPIOs that sleep are refused. The
 * interrupt takes this lock in hard interrupt. The regulator is switched in process context, with
 * the card off.
 */
#include <linux/gpio/consumer.h>
#include <linux/interrupt.h>
#include <linux/regulator/consumer.h>
#include <linux/string_choices.h>

#include "bus.h"
#include "state.h"

/**
 * struct gpios - what a board has
 * @wiring: what the driver calls
 * @dev: device
 * @reset: RST, or NULL
 * @power: switch, or NULL
 * @detect: contact, or NULL
 * @vcc: regulator, or NULL
 * @fed: it is on
 * @irq: of @detect, 0 while it is not watched
 * @was: level of @detect when it was last told
 */
struct gpios {
	struct cks_uart_wiring wiring;
	struct device *dev;
	struct gpio_desc *reset;
	struct gpio_desc *power;
	struct gpio_desc *detect;
	struct regulator *vcc;
	bool fed;
	int irq;
	bool was;
};

static void contacts(const struct cks_uart_wiring *w, bool rst_high, bool power)
{
	const struct gpios *g = container_of(w, struct gpios, wiring);

	/* On before RST rises, off after it has fallen: uart.c asks for one change at a time. */
	if (g->power)
		gpiod_set_value(g->power, power);
	if (g->reset)
		gpiod_set_value(g->reset, rst_high);
}

static bool present(const struct cks_uart_wiring *w)
{
	return gpiod_get_value(container_of(w, struct gpios, wiring)->detect) > 0;
}

static void supply(struct cks_uart_wiring *w, bool on)
{
	struct gpios *g = container_of(w, struct gpios, wiring);
	int err;

	if (on == g->fed)
		return;
	err = on ? regulator_enable(g->vcc) : regulator_disable(g->vcc);
	if (err)
		dev_err(g->dev, "the regulator vcc does not go %s (%d)\n", str_on_off(on), err);
	else
		g->fed = on;
}

static struct gpio_desc *get(struct device *dev, const char *name, enum gpiod_flags flags)
{
	struct gpio_desc *d = devm_gpiod_get_optional(dev, name, flags);

	if (!IS_ERR_OR_NULL(d) && gpiod_cansleep(d)) {
		dev_err(dev, "%s-gpios sleep, and cannot follow a card\n", name);
		return ERR_PTR(-EINVAL);
	}
	return d;
}

static int get_all(struct device *dev, struct gpios *g)
{
	g->reset = get(dev, "reset", GPIOD_OUT_LOW);
	if (IS_ERR(g->reset))
		return PTR_ERR(g->reset);
	g->power = get(dev, "power", GPIOD_OUT_LOW);
	if (IS_ERR(g->power))
		return PTR_ERR(g->power);
	g->detect = get(dev, "detect", GPIOD_IN);
	if (IS_ERR(g->detect))
		return PTR_ERR(g->detect);
	g->vcc = devm_regulator_get_optional(dev, "vcc");
	if (IS_ERR(g->vcc)) {
		if (PTR_ERR(g->vcc) != -ENODEV)
			return PTR_ERR(g->vcc);
		g->vcc = NULL;
	}
	return 0;
}

/**
 * cks_uart_use_gpios() - take what the firmware describes
 * @dev: device
 * @pd: gets the wiring, if there is any
 * Context: process, may sleep
 * Return: 0 or a negative errno, which the log explains
 */
int cks_uart_use_gpios(struct device *dev, struct cks_uart_platform_data *pd)
{
	struct gpios *g;
	int err;

	g = devm_kzalloc(dev, sizeof(*g), GFP_KERNEL);
	if (!g)
		return -ENOMEM;
	g->dev = dev;
	err = get_all(dev, g);
	if (err)
		return dev_err_probe(dev, err, "its GPIOs or its regulator are not to be had\n");
	/* As if VCC were always on, I/O would be high while it is off (ISO/IEC 7816-3, 6.4). */
	if (g->vcc && !g->power)
		return dev_err_probe(dev, -EINVAL, "vcc-supply without power-gpios\n");
	if (!g->reset && !g->power && !g->detect)
		return 0;
	if (g->reset || g->power)
		g->wiring.contacts = contacts;
	g->wiring.power = g->power;
	if (g->detect)
		g->wiring.present = present;
	if (g->vcc)
		g->wiring.supply = supply;
	pd->wiring = &g->wiring;
	return 0;
}

/* Another module may have told of a wiring of its own. */
static bool ours(const struct cks_uart *u)
{
	return u->pd.wiring && u->pd.wiring->present == present;
}

/* As rx.c does for a modem line: what is as before has been open in between. */
static void tell(struct cks_uart *u, struct gpios *g, bool changed)
{
	bool is;

	if (u->gone)
		return;
	is = present(&g->wiring);
	if (changed && is == g->was)
		cks_coupler_presence(u->coupler, !is);
	cks_coupler_presence(u->coupler, is);
	g->was = is;
}

static irqreturn_t interrupt(int irq, void *data)
{
	struct cks_uart *u = data;

	raw_spin_lock(u->lock);
	tell(u, container_of(u->pd.wiring, struct gpios, wiring), true);
	raw_spin_unlock(u->lock);
	return IRQ_HANDLED;
}

/**
 * cks_uart_watch_gpios() - tell the core of cards from now on
 * @u: UART with its coupler
 * Context: process, may sleep
 * Return: 0 or a negative errno
 */
int cks_uart_watch_gpios(struct cks_uart *u)
{
	struct gpios *g;
	int irq, err;

	if (!ours(u))
		return 0;
	g = container_of(u->pd.wiring, struct gpios, wiring);
	irq = gpiod_to_irq(g->detect);
	if (irq < 0)
		return dev_err_probe(g->dev, irq, "detect-gpios have no interrupt\n");
	g->was = present(u->pd.wiring);
	err = request_irq(irq, interrupt, IRQF_NO_THREAD | IRQF_TRIGGER_RISING |
			  IRQF_TRIGGER_FALLING, CKS_UART_DRIVER, u);
	if (err)
		return dev_err_probe(g->dev, err, "detect-gpios: interrupt is in use\n");
	g->irq = irq;
	raw_spin_lock_irq(u->lock);
	tell(u, g, false);
	raw_spin_unlock_irq(u->lock);
	return 0;
}

/* Before the UART goes. */
void cks_uart_unwatch_gpios(struct cks_uart *u)
{
	struct gpios *g;

	if (!ours(u))
		return;
	g = container_of(u->pd.wiring, struct gpios, wiring);
	if (g->irq)
		free_irq(g->irq, u);
	g->irq = 0;
}
