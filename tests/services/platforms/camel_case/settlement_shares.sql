-- Prices, coupons and points like random ones, the same in each run; of a tenth of the orders all is paid by them.
UPDATE `OrderItem` SET `unitPrice` = 1 + CRC32(`id`) MOD 9999 WHERE `orderId` LIKE 'order-%';
INSERT INTO `OrderItem` (`id`, `orderId`, `productId`, `quantity`, `unitPrice`, `totalPrice`)
SELECT CONCAT(`id`, 'x'), `orderId`, `productId`, 1, 1 + `unitPrice` DIV 2, 0 FROM `OrderItem` WHERE `orderId` LIKE 'order-%';
UPDATE `Order` o JOIN (SELECT `orderId`, SUM(`unitPrice` * `quantity`) AS `total` FROM `OrderItem` GROUP BY `orderId`) t
    ON t.`orderId` = o.`id`
SET o.`couponDiscount` = CRC32(CONCAT('coupon', o.`id`)) MOD (t.`total` + 1), o.`couponBearer` = IF(o.`orderNumber` LIKE '%5', 'SELLER', 'PLATFORM'),
    o.`confirmedAt` = o.`createdAt`
WHERE o.`id` LIKE 'order-%';
UPDATE `Order` o JOIN (SELECT `orderId`, SUM(`unitPrice` * `quantity`) AS `total` FROM `OrderItem` GROUP BY `orderId`) t
    ON t.`orderId` = o.`id`
SET o.`pointDiscount` = IF(o.`orderNumber` LIKE '%3', t.`total` - o.`couponDiscount`,
    CRC32(CONCAT('points', o.`id`)) MOD (t.`total` - o.`couponDiscount` + 1))
WHERE o.`id` LIKE 'order-%';
